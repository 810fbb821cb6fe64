package behalf.authz_test

import data.behalf.authz

paying(person, amount) := {
	"hop": {"action": "payments.finalize"},
	"actor": {"agent": "procurement"},
	"subject": {"id": person, "issuer": "https://idp.acme.example"},
	"grant": {"id": "grant-1"},
	"request": {"body": {"state": "ok", "json": {"recipient": "r-1", "amount": amount, "currency": "EUR"}}},
}

alice := "alice@acme.example"

bob := "bob@acme.example"

approved(request) := object.union(request, {"grant": {"approval": {"id": "a-1"}}})

decide(request) := decision if {
	decision := authz.decision with input as request
}

code(request) := decide(request).reasons[0].code

test_up_to_the_threshold_nobody_is_asked if {
	every amount in [0, 1, 10000] {
		decide(paying(alice, amount)).allow
	}
	draft := object.union(paying(alice, 1), {"hop": {"action": "payments.draft"}})
	decide(draft).allow
}

test_above_it_a_person_approves if {
	every amount in [10000.01, 10001, 500000] {
		decide(paying(alice, amount)).approval.fields == ["/recipient", "/amount", "/currency"]
		decide(approved(paying(alice, amount))).allow
	}
}

test_nobody_approves_more_than_the_persons_own_limit if {
	every amount in [500001, 9007199254740991] {
		code(approved(paying(alice, amount))) == "limit_exceeded"
	}
	code(paying(bob, 5001)) == "limit_exceeded"
	decide(paying(bob, 5000)).allow
}

test_what_is_no_amount_is_above_every_limit if {
	every amount in ["1", -1, null, [1], {"amount": 1}, true] {
		code(approved(paying(alice, amount))) == "limit_exceeded"
	}
}

test_another_currency_has_no_limit if {
	every currency in ["USD", "eur", null, ["EUR"]] {
		request := object.union(paying(alice, 1), {"request": {"body": {"json": {"currency": currency}}}})
		code(request) == "limit_exceeded"
	}
}

test_who_is_not_listed_pays_nothing if {
	code(paying("carol@acme.example", 0)) == "limit_exceeded"
	other := object.union(paying(alice, 1), {"subject": {"issuer": "https://other.example"}})
	code(other) == "limit_exceeded"
}

test_without_data_nothing_is_paid if {
	decision := authz.decision with input as paying(alice, 1) with data.limits as {}
	decision.reasons[0].code == "limit_exceeded"
	half := authz.decision with input as paying(alice, 1) with data.limits as object.remove(data.limits, ["unattended"])
	half.reasons[0].code == "approval_missing"
}

test_other_agents_and_actions_have_no_rule if {
	code(object.union(paying(alice, 1), {"actor": {"agent": "support"}})) == "action_not_permitted"
	code(object.union(paying(alice, 1), {"hop": {"action": "payments.delete"}})) == "action_not_permitted"
	code({}) == "action_not_permitted"
}
