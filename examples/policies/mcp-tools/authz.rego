# METADATA
# title: Tools of an MCP server, agent by agent
# description: |
#   The row says which tools the server has for agents at all; `data.tools` says which agent may use which of them, and
#   `data.spaces` which spaces the tool `fetch` may read from.
# schemas:
#   - input: schema
package behalf.authz

import data.behalf.lib.mcp

# METADATA
# title: The decision
# entrypoint: true
default decision := {
	"allow": false,
	"reasons": [{"code": "tool_not_allowed", "message": "This agent may not use this tool."}],
}

decision := {
	"allow": true,
	"reasons": [{"code": "session_permitted", "message": "No tool is used."}],
} if {
	mcp.session
} else := {
	"allow": true,
	"reasons": [{"code": "tool_permitted", "message": $"{input.actor.agent} may use the tool {input.mcp.tool}."}],
} if {
	mcp.tool_allowed(data.tools)
	arguments_allowed
} else := {
	"allow": false,
	"reasons": [{"code": "argument_not_allowed", "message": "The tool may not be used with these arguments."}],
} if {
	mcp.tool_allowed(data.tools)
}

# One rule for each tool, so that a tool that is new in data has none yet and is not permitted.

arguments_allowed if mcp.calls("search")

arguments_allowed if {
	mcp.calls("fetch")
	mcp.argument_one_of("/space", data.spaces[input.actor.agent])
}
