# METADATA
# title: May this agent do this, for this person, now?
# description: |
#   The service has already proven who calls (certificate), for whom (token), and that a live grant covers the request.
#   Rules here can only narrow that: an answer of `allow` never turns a refused credential into an allow.
#   What `input` holds is written in docs/policy-input.md.
#
#   To let an agent do something new, add one `permitted` rule (or one `needs_approval` rule) and its tests.
#   Say what must hold, not what must not: a builtin that meets a wrong type is undefined in WASM, so
#   `not startswith(input.x, "bad")` is true for a number (docs/divergences.md). The rules of `behalf.lib` are made that
#   way: docs/policy-library.md.
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
	"reasons": [{"code": "approval_missing", "message": $"A person must approve {input.hop.action} first."}],
	"approval": approval,
} if {
	grant.covers
	approval := needs_approval
} else := {
	"allow": true,
	"reasons": [{"code": "action_permitted", "message": $"{input.actor.agent} may do {input.hop.action}."}],
} if {
	grant.covers
	permitted
} else := {
	"allow": false,
	"reasons": [{"code": "action_not_granted", "message": "The grant does not name this action."}],
} if {
	# The code has checked the grant already; a row whose grant is optional is where this line matters.
	not grant.covers
}

# What each agent may do: one rule per action.

permitted if hop.asks("procurement", "invoices.read")

permitted if {
	hop.asks("procurement", "recipients.change")
	delegation.subject_may_write
}

permitted if {
	hop.asks("procurement", "payments.draft")
	delegation.subject_may_write
}

permitted if hop.asks("support", "customers.read")

# What an agent may do once a person has approved it. An approval binds the values of `fields`, JSON pointers into the
# request's body; `message` is what the client is told.

needs_approval := {
	"fields": ["/recipient", "/amount"],
	"message": "A person must approve this payment before it can be finalised.",
} if {
	hop.asks("procurement", "payments.finalize")
	delegation.subject_may_write
	not grant.approved
}

permitted if {
	hop.asks("procurement", "payments.finalize")
	delegation.subject_may_write
	grant.approved
}
