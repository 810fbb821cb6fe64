# METADATA
# title: A support agent that works on one ticket
# description: |
#   It sees the customer of the ticket that the person was given, and no other. It may note things on the ticket; what the
#   customer will read, a person approves.
# schemas:
#   - input: schema
package behalf.authz

import data.behalf.lib.body
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
	"reasons": [{"code": "grant_not_for_this_ticket", "message": "The grant is not for the one ticket of this request."}],
} if {
	not for_this_ticket
} else := {
	"allow": false,
	"reasons": [{"code": "approval_missing", "message": "A person must approve what the customer will read."}],
	"approval": {"fields": ["/visibility", "/text"], "message": "A person must approve this reply before it is sent."},
} if {
	hop.asks("support", "tickets.reply")
	body.one_of("/visibility", ["public"])
	not grant.approved
} else := {
	"allow": true,
	"reasons": [{"code": "action_permitted", "message": $"{input.actor.agent} may do {input.hop.action}."}],
} if {
	permitted
}

# The row compares the grant's ticket with the path already. Here a grant that names no ticket at all, and so would do for
# every ticket, is refused as well, whatever the row says.
for_this_ticket if {
	grant.bound_to("ticket")
	hop.param_in("ticket", [input.grant.context.ticket])
}

permitted if hop.asks("support", "customers.read")

permitted if {
	hop.asks("support", "tickets.reply")
	body.one_of("/visibility", ["internal"])
}

permitted if {
	hop.asks("support", "tickets.reply")
	body.one_of("/visibility", ["public"])
	grant.approved
}
