# METADATA
# title: A procurement agent
# description: |
#   It reads invoices for whoever asked, drafts payments for people in finance, and finalises a payment only after a second
#   person has approved that very payment.
# schemas:
#   - input: schema
package behalf.authz

import data.behalf.lib.delegation
import data.behalf.lib.grant
import data.behalf.lib.hop

# METADATA
# title: The decision
# description: The first branch that holds is the answer, so that a needed approval wins over a permission.
# entrypoint: true
default decision := {
	"allow": false,
	"reasons": [{"code": "action_not_permitted", "message": "No rule lets this agent do this."}],
}

decision := {
	"allow": false,
	"reasons": [{"code": "approval_missing", "message": "A second person must approve this payment first."}],
	"approval": {
		"fields": ["/recipient", "/amount", "/currency"],
		"message": "A second person must approve this payment before it can be finalised.",
	},
} if {
	needs_approval
} else := {
	"allow": true,
	"reasons": [{"code": "action_permitted", "message": $"{input.actor.agent} may do {input.hop.action}."}],
} if {
	permitted
} else := {"allow": false, "reasons": [reason | some reason in refused]} if {
	count(refused) > 0
}

permitted if hop.asks("procurement", "invoices.read")

permitted if {
	hop.asks("procurement", "payments.draft")
	in_finance
}

permitted if {
	hop.asks("procurement", "payments.finalize")
	in_finance
	grant.approved_by_another
}

needs_approval if {
	hop.asks("procurement", "payments.finalize")
	in_finance
	not grant.approved
}

in_finance if {
	delegation.claim_has("groups", "finance")
	delegation.subject_may_write
}

# Why not, where it is worth more than "no rule": it goes to the record, never to the client.

refused contains {"code": "not_in_finance", "message": "The person may not pay: they are not in finance, or only read."} if {
	input.hop.action in {"payments.draft", "payments.finalize"}
	not in_finance
}

refused contains {"code": "approver_is_requester", "message": "The person approved their own payment."} if {
	input.hop.action == "payments.finalize"
	grant.approved
	not grant.approved_by_another
}
