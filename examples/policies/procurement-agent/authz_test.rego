package behalf.authz_test

import data.behalf.authz

asking(agent, action) := {
	"hop": {"action": action},
	"actor": {"agent": agent},
	"subject": {"id": "alice", "claims": {"groups": ["staff", "finance"]}},
	"grant": {"id": "grant-1", "actions": [action]},
}

decide(request) := decision if {
	decision := authz.decision with input as request
}

codes(request) := {reason.code | some reason in decide(request).reasons}

approved_by(approver) := object.union(
	asking("procurement", "payments.finalize"),
	{"grant": {"approval": {"id": "a-1", "approver": approver}}},
)

with_claims(request, claims) := object.union(request, {"subject": {"claims": claims}})

test_reading_needs_no_group if {
	decide(with_claims(asking("procurement", "invoices.read"), {"groups": []})).allow
}

test_finance_may_have_payments_drafted if decide(asking("procurement", "payments.draft")).allow

test_others_may_not if {
	every groups in [[], ["staff"], "finance", {"finance": true}, null] {
		every action in ["payments.draft", "payments.finalize"] {
			request := with_claims(asking("procurement", action), {"groups": groups})
			not decide(request).allow
			codes(request) == {"not_in_finance"}
		}
	}
}

test_a_read_only_person_may_not if {
	every action in ["payments.draft", "payments.finalize"] {
		request := with_claims(asking("procurement", action), {"read_only": true})
		codes(request) == {"not_in_finance"}
	}
}

test_finalising_asks_for_an_approval if {
	decision := decide(asking("procurement", "payments.finalize"))
	decision.allow == false
	decision.approval.fields == ["/recipient", "/amount", "/currency"]
}

test_a_second_person_approves if {
	decide(approved_by("bob")).allow
	codes(approved_by("bob")) == {"action_permitted"}
}

test_nobody_approves_their_own_payment if {
	not decide(approved_by("alice")).allow
	codes(approved_by("alice")) == {"approver_is_requester"}
}

test_other_agents_and_actions_have_no_rule if {
	codes(asking("support", "invoices.read")) == {"action_not_permitted"}
	codes(asking("procurement", "invoices.delete")) == {"action_not_permitted"}
	codes({}) == {"action_not_permitted"}
}
