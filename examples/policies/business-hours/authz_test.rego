package behalf.authz_test

import data.behalf.authz

# Monday 23 November 2026, 12:00 at the office.
noon := 1795431600

asking(action, time) := {
	"hop": {"action": action},
	"actor": {"agent": "procurement"},
	"subject": {"claims": {}},
	"time": time,
}

decide(request) := decision if {
	decision := authz.decision with input as request
}

code(request) := decide(request).reasons[0].code

test_reading_is_possible_at_all_times if {
	every hours in [0, 12, 24, 24 * 5] {
		decide(asking("invoices.read", noon + (hours * 3600))).allow
	}
}

test_writing_in_business_hours if {
	every action in ["recipients.change", "payments.draft"] {
		decide(asking(action, noon)) == {
			"allow": true,
			"reasons": [{"code": "action_permitted_in_hours", "message": "It is 12:00 at the office, which is open."}],
		}
	}
}

test_closed_in_the_evening_and_at_night if {
	every seconds in [5.5 * 3600, 12 * 3600, (21 * 3600) - 1] {
		code(asking("payments.draft", noon + seconds)) == "outside_hours"
	}
	code(asking("payments.draft", noon + (21 * 3600))) == "action_permitted_in_hours"
}

test_closed_at_weekends_and_on_holidays if {
	every days in [5, 6, 32, 39] {
		code(asking("payments.draft", noon + ((days * 24) * 3600))) == "outside_hours"
	}
	code(asking("payments.draft", noon + ((31 * 24) * 3600))) == "action_permitted_in_hours"
}

# 27 March 2026 and 30 March 2026, a Friday and a Monday: 07:30 UTC is 08:30 before summer time, and 09:30 in it.
test_summer_time_moves_the_hours if {
	code(asking("payments.draft", 1774596600)) == "outside_hours"
	code(asking("payments.draft", 1774855800)) == "action_permitted_in_hours"
}

test_a_schedule_that_has_run_out_or_is_missing_is_closed if {
	code(asking("payments.draft", noon + ((500 * 24) * 3600))) == "outside_hours"
	decision := authz.decision with input as asking("payments.draft", noon) with data.schedules as {}
	decision.reasons[0].code == "outside_hours"
}

test_who_may_not_write_may_not_in_business_hours_either if {
	every request in [
		object.union(asking("payments.draft", noon), {"subject": {"claims": {"read_only": true}}}),
		object.union(asking("payments.draft", noon), {"actor": {"agent": "support"}}),
		asking("payments.delete", noon),
		{},
	] {
		code(request) == "action_not_permitted"
	}
}
