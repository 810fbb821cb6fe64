# METADATA
# title: mcp
# description: |
#   What an MCP client asks for, and which agent may use which tool. Of a batch, policy sees each element by itself.
package behalf.lib.mcp

import data.behalf.lib.pointer

# METADATA
# title: mcp.calls(tool)
# description: True where that tool is called.
# scope: document
default calls(_) := false

calls(tool) if {
	input.mcp.method == "tools/call"
	input.mcp.tool == tool
}

# METADATA
# title: mcp.tool_allowed(tools)
# description: |
#   True where the tool that is called is listed for the agent. `tools` is an object of agents, by their names in the
#   matrix, each a list of tools. No pattern means all tools: name them.
# scope: document
default tool_allowed(_) := false

tool_allowed(tools) if {
	is_array(tools[input.actor.agent])
	some tool in tools[input.actor.agent]
	calls(tool)
}

# METADATA
# title: mcp.argument(pointer)
# description: The argument at that JSON pointer, or `null`. The client chose it and its type.
# scope: document
default argument(_) := null

argument(path) := pointer.value(input.mcp.arguments, path)

# METADATA
# title: mcp.argument_one_of(pointer, allowed)
# description: True where the argument there is one of the list or set `allowed`. A missing argument never is.
# scope: document
default argument_one_of(_, _) := false

argument_one_of(path, allowed) if pointer.value_in(input.mcp.arguments, path, allowed)

# METADATA
# title: mcp.session
# description: |
#   True for what every client does before and after it uses a tool: it begins a session, keeps it alive, lists the tools,
#   opens the stream of the server's messages and ends the session. None of it uses a tool.
# scope: document
default session := false

session if input.mcp.method in {
	"initialize",
	"notifications/initialized",
	"notifications/cancelled",
	"ping",
	"tools/list",
}

# The stream (GET) and the end (DELETE) have no message.
session if {
	input.hop.protocol == "mcp"
	is_null(input.mcp)
	input.request.method in {"GET", "DELETE"}
}
