# METADATA
# title: Topics of a queue
# description: |
#   Who publishes to a topic and who consumes from it are two lists: what announces a payment cannot settle it. What is
#   published names its region, and the region is that of the grant.
# schemas:
#   - input: schema
package behalf.authz

import data.behalf.lib.body
import data.behalf.lib.queue

# METADATA
# title: The decision
# entrypoint: true
default decision := {
	"allow": false,
	"reasons": [{"code": "topic_not_allowed", "message": "This agent may not use this topic in this way."}],
}

decision := {
	"allow": true,
	"reasons": [{"code": "topic_permitted", "message": $"{input.actor.agent} may use {queue.topic}."}],
	"metadata": {"topic": queue.topic},
} if {
	topic_allowed
	region_agrees
} else := {
	"allow": false,
	"reasons": [{"code": "region_not_granted", "message": "The message is for another region than the grant."}],
} if {
	topic_allowed
}

topic_allowed if queue.publish_allowed(data.topics.publish)

topic_allowed if queue.consume_allowed(data.topics.consume)

region_agrees if body.one_of("/region", [input.grant.context.region])
