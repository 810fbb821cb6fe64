# METADATA
# title: May this agent do this, for this person, now?
# description: |
#   The service has already proven who calls (certificate), for whom (token), and that a live grant covers the request.
#   Rules here can only narrow that: an answer of `allow` never turns a refused credential into an allow.
#   What `input` holds is written in docs/policy-input.md.
#
#   To let an agent do something new, add one `permitted` rule (or one `needs_approval` rule) and its tests.
#   Say what must hold, not what must not: a builtin that meets a wrong type is undefined in WASM, so
#   `not startswith(input.x, "bad")` is true for a number (docs/divergences.md).
package behalf.authz

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
	granted
	approval := needs_approval
} else := {
	"allow": true,
	"reasons": [{"code": "action_permitted", "message": $"{input.actor.agent} may do {input.hop.action}."}],
} if {
	granted
	permitted
} else := {
	"allow": false,
	"reasons": [{"code": "action_not_granted", "message": "The grant does not name this action."}],
} if {
	not granted
}

# The code has checked the grant already; a row whose grant is optional is where this line matters. No grant is `null`,
# which has no actions, and so grants nothing.
granted if input.hop.action in input.grant.actions

# What each agent may do: one rule per action.

permitted if {
	input.actor.agent == "procurement"
	input.hop.action == "invoices.read"
}

permitted if {
	input.actor.agent == "procurement"
	input.hop.action == "recipients.change"
	subject_may_write
}

permitted if {
	input.actor.agent == "procurement"
	input.hop.action == "payments.draft"
	subject_may_write
}

permitted if {
	input.actor.agent == "support"
	input.hop.action == "customers.read"
}

# What an agent may do once a person has approved it. An approval binds the values of `fields`, JSON pointers into the
# request's body; `message` is what the client is told.

needs_approval := {
	"fields": ["/recipient", "/amount"],
	"message": "A person must approve this payment before it can be finalised.",
} if {
	input.actor.agent == "procurement"
	input.hop.action == "payments.finalize"
	subject_may_write
	not approved
}

permitted if {
	input.actor.agent == "procurement"
	input.hop.action == "payments.finalize"
	subject_may_write
	approved
}

# Code has looked for an approval of exactly this request, by its digest. Only a text is an id.
approved if is_string(input.grant.approval.id)

# An agent can do no more than the person it acts for. Claims have no fixed type, so only a missing or a false
# `read_only` counts as "may write".
subject_may_write if object.get(input.subject.claims, "read_only", false) == false
