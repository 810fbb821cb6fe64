package behalf.lib.queue_test

import data.behalf.lib.queue

topics := {"procurement": ["payments.due"], "broken": "payments.due", "empty": [""]}

message(protocol, agent, topic) := {
	"actor": {"agent": agent},
	"hop": {"protocol": protocol},
	"request": {"params": {"topic": topic}},
}

test_a_listed_topic_is_allowed if {
	queue.publish_allowed(topics) with input as message("queue.publish", "procurement", "payments.due")
	queue.consume_allowed(topics) with input as message("queue.consume", "procurement", "payments.due")
	queue.topic == "payments.due" with input as message("queue.publish", "procurement", "payments.due")
}

test_publishing_is_not_consuming if {
	queue.publish_allowed(topics) == false with input as message("queue.consume", "procurement", "payments.due")
	queue.consume_allowed(topics) == false with input as message("queue.publish", "procurement", "payments.due")
	queue.publish_allowed(topics) == false with input as message("http", "procurement", "payments.due")
}

test_a_topic_is_compared_whole if {
	every topic in ["payments", "payments.due.eu", "Payments.due", "payments.*", ""] {
		queue.publish_allowed(topics) == false with input as message("queue.publish", "procurement", topic)
	}
}

test_only_the_agents_own_list_counts if {
	every agent in ["settlement", "broken"] {
		queue.publish_allowed(topics) == false with input as message("queue.publish", agent, "payments.due")
	}
	every wrong in [null, [], "procurement", {}] {
		queue.consume_allowed(wrong) == false with input as message("queue.consume", "procurement", "payments.due")
	}
}

test_no_topic_is_never_listed if {
	queue.topic == "" with input as {}
	queue.publish_allowed(topics) == false with input as message("queue.publish", "empty", "")
	queue.publish_allowed(topics) == false with input as {
		"actor": {"agent": "empty"},
		"hop": {"protocol": "queue.publish"},
	}
	queue.consume_allowed(topics) == false with input as {"actor": null, "hop": {"protocol": "queue.consume"}}
}
