package behalf.authz_test

import data.behalf.authz

asking(action) := {
	"hop": {"action": action},
	"actor": {"agent": "support"},
	"grant": {"id": "grant-1", "actions": [action], "context": {"ticket": "T-4711"}},
	"request": {"params": {"ticket": "T-4711"}},
}

replying(visibility) := object.union(
	asking("tickets.reply"),
	{"request": {"body": {"state": "ok", "json": {"visibility": visibility, "text": "Hello"}}}},
)

decide(request) := decision if {
	decision := authz.decision with input as request
}

codes(request) := [reason.code | some reason in decide(request).reasons]

test_the_customer_of_the_ticket_may_be_read if decide(asking("customers.read")).allow

test_no_other_ticket if {
	every params in [{"ticket": "T-4712"}, {"ticket": ""}, {"ticket": "t-4711"}] {
		request := object.union(asking("customers.read"), {"request": {"params": params}})
		not decide(request).allow
		codes(request) == ["grant_not_for_this_ticket"]
	}
}

test_a_grant_for_all_tickets_is_for_none if {
	every context in [{}, {"ticket": ""}, {"customer": "C-1"}] {
		grant := object.union(object.remove(asking("customers.read").grant, ["context"]), {"context": context})
		request := object.union(object.remove(asking("customers.read"), ["grant"]), {"grant": grant})
		codes(request) == ["grant_not_for_this_ticket"]
	}
	codes({}) == ["grant_not_for_this_ticket"]
}

test_internal_notes_need_nobody if decide(replying("internal")).allow

test_what_the_customer_reads_is_approved if {
	decide(replying("public")).approval.fields == ["/visibility", "/text"]
	approved := object.union(replying("public"), {"grant": {"approval": {"id": "a-1"}}})
	decide(approved).allow
}

test_another_visibility_is_not_permitted if {
	every visibility in ["Public", "", null, true, ["internal"]] {
		not decide(replying(visibility)).allow
		codes(replying(visibility)) == ["action_not_permitted"]
	}
}

test_other_agents_and_actions_have_no_rule if {
	codes(asking("tickets.close")) == ["action_not_permitted"]
	codes(object.union(asking("customers.read"), {"actor": {"agent": "research"}})) == ["action_not_permitted"]
}
