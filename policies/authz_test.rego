package behalf.authz_test

import data.behalf.authz

# A request that the code has proven: `agent` asks for `action` under a grant that names it.
asking(agent, action) := {
	"version": 1,
	"hop": {"id": "row", "action": action},
	"actor": {"id": $"spiffe://prod.acme.example/ns/agents/sa/{agent}", "agent": agent},
	"subject": {"id": "alice@acme.example", "claims": {}},
	"grant": {"id": "grant-1", "actions": [action]},
}

decide(request) := decision if {
	decision := authz.decision with input as request
}

with_claims(request, claims) := object.union(request, {"subject": {"claims": claims}})

codes(decision) := [reason.code | some reason in decision.reasons]

procurement_actions := {"invoices.read", "recipients.change", "payments.draft"}

test_each_agent_may_do_its_actions if {
	every action in procurement_actions {
		decide(asking("procurement", action)) == {
			"allow": true,
			"reasons": [{"code": "action_permitted", "message": $"procurement may do {action}."}],
		}
	}
	decide(asking("support", "customers.read")).allow
}

test_no_agent_may_do_another_agents_actions if {
	every action in procurement_actions | {"payments.finalize"} {
		decision := decide(asking("support", action))
		not decision.allow
		codes(decision) == ["action_not_permitted"]
	}
	codes(decide(asking("procurement", "customers.read"))) == ["action_not_permitted"]
}

test_an_agent_without_a_rule_may_do_nothing if {
	every action in procurement_actions | {"payments.finalize", "customers.read"} {
		codes(decide(asking("reporting", action))) == ["action_not_permitted"]
	}
}

test_an_action_without_a_rule_is_denied if {
	codes(decide(asking("procurement", "payments.delete"))) == ["action_not_permitted"]
}

test_an_approved_payment_may_be_finalised if {
	approved := object.union(
		asking("procurement", "payments.finalize"),
		{"grant": {"approval": {"id": "a-1", "approver": "bob@acme.example", "at": 1}}},
	)
	decide(approved).allow
	not decide(with_claims(approved, {"read_only": true})).allow
}

test_only_an_approval_with_an_id_approves if {
	every approval in [null, {}, {"id": null}, {"id": 1}, "a-1"] {
		not decide(object.union(
			asking("procurement", "payments.finalize"),
			{"grant": {"approval": approval}},
		)).allow
	}
}

test_finalising_a_payment_needs_approval if {
	decide(asking("procurement", "payments.finalize")) == {
		"allow": false,
		"reasons": [{"code": "approval_missing", "message": "A person must approve payments.finalize first."}],
		"approval": {
			"fields": ["/recipient", "/amount"],
			"message": "A person must approve this payment before it can be finalised.",
		},
	}
}

test_a_grant_for_another_action_is_not_enough if {
	request := object.union(asking("procurement", "invoices.read"), {"grant": {"actions": ["payments.draft"]}})
	codes(decide(request)) == ["action_not_granted"]
}

test_no_grant_grants_nothing if {
	every action in procurement_actions | {"payments.finalize"} {
		decision := decide(object.union(asking("procurement", action), {"grant": null}))
		not decision.allow
		codes(decision) == ["action_not_granted"]
	}
}

test_nobody_acts_without_an_actor if {
	decision := decide(object.union(asking("procurement", "invoices.read"), {"actor": null}))
	not decision.allow
}

test_a_read_only_person_cannot_have_an_agent_write if {
	every action in {"recipients.change", "payments.draft", "payments.finalize"} {
		every value in [true, "false", 0, null, []] {
			decision := decide(with_claims(asking("procurement", action), {"read_only": value}))
			not decision.allow
			not decision.approval
		}
	}
}

test_a_read_only_person_may_have_an_agent_read if {
	decide(with_claims(asking("procurement", "invoices.read"), {"read_only": true})).allow
	decide(with_claims(asking("support", "customers.read"), {"read_only": true})).allow
}

test_a_person_who_may_write_may_have_an_agent_write if {
	decide(with_claims(asking("procurement", "payments.draft"), {"read_only": false})).allow
}

test_an_empty_input_is_denied if {
	decision := decide({})
	not decision.allow
}
