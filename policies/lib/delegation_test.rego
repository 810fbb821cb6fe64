package behalf.lib.delegation_test

import data.behalf.lib.delegation

claims(value) := {"subject": {"claims": value}}

test_for_person_where_an_agent_acts if {
	delegation.for_person with input as {"actor": {"agent": "procurement"}}
	every nobody in [{}, {"actor": null}, {"actor": {"agent": null}}, {"actor": "procurement"}] {
		delegation.for_person == false with input as nobody
	}
}

test_a_claim_is_a_value_of_that_type if {
	delegation.claim_is("level", 3) with input as claims({"level": 3})
	every other in ["3", 4, null, [3], true] {
		delegation.claim_is("level", 3) == false with input as claims({"level": other})
	}
}

test_a_missing_claim_is_nothing if {
	every nothing in [claims({}), claims(null), claims("level"), {}] {
		delegation.claim_is("level", null) == false with input as nothing
		delegation.claim_has("level", null) == false with input as nothing
	}
}

test_a_list_has_its_members if {
	delegation.claim_has("groups", "finance") with input as claims({"groups": ["staff", "finance"]})
	delegation.claim_has("groups", "audit") == false with input as claims({"groups": ["staff", "finance"]})
}

test_only_a_list_has_members if {
	every other in ["finance", {"a": "finance"}, {"finance": true}, 1, null] {
		delegation.claim_has("groups", "finance") == false with input as claims({"groups": other})
	}
}

test_who_is_not_read_only_may_write if {
	delegation.subject_may_write with input as claims({})
	delegation.subject_may_write with input as claims({"read_only": false})
}

test_whatever_else_is_read_only if {
	every other in [true, "false", 0, null, [], {}] {
		delegation.subject_may_write == false with input as claims({"read_only": other})
	}
	every nothing in [claims(null), claims([]), claims(1), {}, null] {
		delegation.subject_may_write == false with input as nothing
	}
}
