package behalf.lib.threshold_test

import data.behalf.lib.threshold

idp := "https://idp.acme.example"

limits := {idp: {"alice": 1000, "carol": "1000"}}

paying(amount) := by("alice", amount)

by(person, amount) := {
	"subject": {"id": person, "issuer": idp},
	"request": {"body": {"json": {"amount": amount}}},
}

no_amounts := ["5", -1, null, [5], {"amount": 5}, true, false]

test_an_amount_up_to_the_limit if {
	every amount in [0, 5, 9.5, 10] {
		threshold.body_at_most("/amount", 10) with input as paying(amount)
	}
}

test_an_amount_above_the_limit if {
	every amount in [10.01, 11, 9007199254740991] {
		threshold.body_at_most("/amount", 10) == false with input as paying(amount)
	}
}

test_what_is_no_amount_is_above_every_limit if {
	every amount in no_amounts {
		threshold.body_at_most("/amount", 10) == false with input as paying(amount)
	}
	every none in [{}, null, {"request": {"body": {"json": null}}}] {
		threshold.body_at_most("/amount", 10) == false with input as none
	}
}

test_what_is_no_limit_permits_nothing if {
	every limit in ["10", null, [10], true] {
		threshold.body_at_most("/amount", limit) == false with input as paying(5)
	}
}

test_each_person_has_a_limit_of_their_own if {
	threshold.body_within_own_limit("/amount", limits) with input as by("alice", 1000)
	threshold.body_within_own_limit("/amount", limits) == false with input as by("alice", 1001)
	threshold.own_limit(limits) == 1000 with input as by("alice", 0)
}

test_who_has_no_limit_has_none_to_stay_in if {
	every person in ["bob", "carol", null, 1] {
		threshold.body_within_own_limit("/amount", limits) == false with input as by(person, 0)
	}
	elsewhere := object.union(by("alice", 0), {"subject": {"issuer": "https://other.example"}})
	threshold.body_within_own_limit("/amount", limits) == false with input as elsewhere
	every wrong in [null, {}, [], "limits", {idp: 1000}] {
		threshold.own_limit(wrong) == null with input as by("alice", 0)
		threshold.body_within_own_limit("/amount", wrong) == false with input as by("alice", 0)
	}
}

test_an_argument_of_a_tool_has_limits_too if {
	threshold.argument_at_most("/amount", 10) with input as {"mcp": {"arguments": {"amount": 10}}}
	threshold.argument_at_most("/amount", 10) == false with input as {"mcp": {"arguments": {"amount": 11}}}
	every amount in no_amounts {
		threshold.argument_at_most("/amount", 10) == false with input as {"mcp": {"arguments": {"amount": amount}}}
	}
	threshold.argument_at_most("/amount", 10) == false with input as {"mcp": null}
}
