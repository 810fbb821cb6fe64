# METADATA
# title: Amounts against limits
# description: |
#   A small payment needs nobody, one within the person's own limit needs an approval, and more than that is not for this
#   person at all. Amounts are in cents. The finalising request is judged anew with the amount that it holds: a draft that
#   was small when it was made helps nobody.
# schemas:
#   - input: schema
package behalf.authz

import data.behalf.lib.body
import data.behalf.lib.grant
import data.behalf.lib.hop
import data.behalf.lib.threshold

# METADATA
# title: The decision
# description: The first branch that holds is the answer.
# entrypoint: true
default decision := {
	"allow": false,
	"reasons": [{"code": "action_not_permitted", "message": "No rule lets this agent do this."}],
}

decision := {
	"allow": false,
	"reasons": [{"code": "limit_exceeded", "message": "The amount is not within the limit of this person."}],
} if {
	pays
	not within_limits
} else := {
	"allow": false,
	"reasons": [{"code": "approval_missing", "message": "A person must approve an amount above the threshold."}],
	"approval": {
		"fields": ["/recipient", "/amount", "/currency"],
		"message": "A person must approve a payment of this amount.",
	},
} if {
	pays
	not unattended
	not grant.approved
} else := {
	"allow": true,
	"reasons": [{"code": "amount_permitted", "message": "The amount is within the limit of this person."}],
} if {
	pays
}

pays if hop.asks("procurement", "payments.draft")

pays if hop.asks("procurement", "payments.finalize")

# Asked with `not`, so that an amount of a wrong type, and a limit that is missing, need an approval too.
unattended if threshold.body_at_most("/amount", data.limits.unattended)

within_limits if {
	body.one_of("/currency", ["EUR"])
	threshold.body_within_own_limit("/amount", data.limits.people)
}
