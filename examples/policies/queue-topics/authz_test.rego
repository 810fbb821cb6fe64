package behalf.authz_test

import data.behalf.authz

message(protocol, agent, topic) := {
	"actor": {"agent": agent},
	"hop": {"protocol": protocol},
	"grant": {"context": {"region": "eu"}},
	"request": {"params": {"topic": topic}, "body": {"state": "ok", "json": {"region": "eu"}}},
}

decide(request) := decision if {
	decision := authz.decision with input as request
}

codes(request) := [reason.code | some reason in decide(request).reasons]

test_a_listed_topic_is_permitted if {
	decide(message("queue.publish", "procurement", "payments.due")).allow
	decide(message("queue.publish", "procurement", "suppliers.changed")).metadata.topic == "suppliers.changed"
	decide(message("queue.consume", "settlement", "payments.due")).allow
}

test_what_publishes_cannot_consume if {
	codes(message("queue.consume", "procurement", "payments.due")) == ["topic_not_allowed"]
	codes(message("queue.publish", "settlement", "payments.due")) == ["topic_not_allowed"]
}

test_another_topic_is_not_permitted if {
	every topic in ["payments", "payments.due.eu", "payments.*", "", "Payments.due"] {
		codes(message("queue.publish", "procurement", topic)) == ["topic_not_allowed"]
	}
	codes(message("http", "procurement", "payments.due")) == ["topic_not_allowed"]
	codes({}) == ["topic_not_allowed"]
}

test_another_region_is_not_permitted if {
	every region in ["us", "EU", "", null, ["eu"], 1] {
		request := object.union(
			message("queue.publish", "procurement", "payments.due"),
			{"request": {"body": {"json": {"region": region}}}},
		)
		codes(request) == ["region_not_granted"]
	}
}

test_a_grant_without_a_region_is_for_none if {
	request := object.union(message("queue.publish", "procurement", "payments.due"), {"grant": null})
	codes(request) == ["region_not_granted"]
}
