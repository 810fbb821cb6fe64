# METADATA
# title: queue
# description: |
#   Topics of queues behind HTTP. The topic is the path segment `{topic}` of the row. `topics` is an object of agents, by
#   their names in the matrix, each a list of topics. Names are compared whole: `payments` is not `payments.due`.
package behalf.lib.queue

# METADATA
# title: queue.topic
# description: The topic of the request, or an empty text.
# scope: document
default topic := ""

topic := input.request.params.topic

# METADATA
# title: queue.publish_allowed(topics)
# description: True where the agent publishes to a topic that is listed for it.
# scope: document
default publish_allowed(_) := false

publish_allowed(topics) if {
	input.hop.protocol == "queue.publish"
	is_listed(topics)
}

# METADATA
# title: queue.consume_allowed(topics)
# description: True where the agent consumes from a topic that is listed for it.
# scope: document
default consume_allowed(_) := false

consume_allowed(topics) if {
	input.hop.protocol == "queue.consume"
	is_listed(topics)
}

is_listed(topics) if {
	is_array(topics[input.actor.agent])
	topic != ""
	topic in topics[input.actor.agent]
}
