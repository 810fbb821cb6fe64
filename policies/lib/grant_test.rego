package behalf.lib.grant_test

import data.behalf.lib.grant

request(given) := {"hop": {"action": "read"}, "subject": {"id": "alice"}, "grant": given}

nothing := [{}, null, request(null), request("grant"), request({})]

test_a_grant_covers_the_actions_that_it_names if {
	grant.covers with input as request({"actions": ["write", "read"]})
	grant.covers == false with input as request({"actions": ["write"]})
}

test_no_grant_covers_approves_or_binds_anything if {
	every none in nothing {
		grant.covers == false with input as none
		grant.approved == false with input as none
		grant.approved_by_another == false with input as none
		grant.bound_to("ticket") == false with input as none
	}
}

test_actions_of_another_type_cover_nothing if {
	every wrong in ["read", {"read": true}, 1, null] {
		grant.covers == false with input as request({"actions": wrong})
	}
}

test_a_grant_is_bound_to_one_value if {
	grant.bound_to("ticket") with input as request({"context": {"ticket": "T-1"}})
	every wrong in ["", null, ["T-1"], 1, true] {
		grant.bound_to("ticket") == false with input as request({"context": {"ticket": wrong}})
	}
	every wrong in [["ticket"], "ticket", null] {
		grant.bound_to("ticket") == false with input as request({"context": wrong})
	}
}

test_an_approval_has_an_id if {
	grant.approved with input as request({"approval": {"id": "a-1"}})
	every wrong in [null, {}, "a-1", {"id": null}, {"id": 1}, {"id": ["a-1"]}] {
		grant.approved == false with input as request({"approval": wrong})
	}
}

test_four_eyes_are_two_people if {
	grant.approved_by_another with input as request({"approval": {"id": "a-1", "approver": "bob"}})
	every approver in ["alice", null, 1] {
		grant.approved_by_another == false with input as request({"approval": {"id": "a-1", "approver": approver}})
	}
	grant.approved_by_another == false with input as request({"approval": {"id": "a-1"}})
	grant.approved_by_another == false with input as request({"approval": {"approver": "bob"}})
}
