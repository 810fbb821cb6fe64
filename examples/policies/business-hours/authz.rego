# METADATA
# title: Only in business hours
# description: |
#   The agent reads at all times. It changes things only while somebody is there to see it: in the hours of the office,
#   `data.schedules.office`. The same request is asked about again at each use, so that an agent that waits until night
#   finds the door shut.
# schemas:
#   - input: schema
package behalf.authz

import data.behalf.lib.clock
import data.behalf.lib.delegation
import data.behalf.lib.hop

# METADATA
# title: The decision
# entrypoint: true
default decision := {
	"allow": false,
	"reasons": [{"code": "action_not_permitted", "message": "No rule lets this agent do this."}],
}

decision := {
	"allow": true,
	"reasons": [{"code": "action_permitted", "message": $"{input.actor.agent} may do {input.hop.action}."}],
} if {
	hop.asks("procurement", "invoices.read")
} else := {
	"allow": true,
	"reasons": [{"code": "action_permitted_in_hours", "message": $"It is {local.time} at the office, which is open."}],
} if {
	writes
	clock.during(data.schedules.office)
	local := clock.local(data.schedules.office.offsets)
} else := {
	"allow": false,
	"reasons": [{"code": "outside_hours", "message": "The office is closed."}],
} if {
	writes
}

writes if {
	hop.asks("procurement", "recipients.change")
	delegation.subject_may_write
}

writes if {
	hop.asks("procurement", "payments.draft")
	delegation.subject_may_write
}
