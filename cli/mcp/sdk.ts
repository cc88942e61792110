// Names what is used of the official MCP SDK.
// Invariant: the one door of that package. The build puts it with all that it imports into dist/cli/mcp/sdk.js, so
// that an installed pgwitness needs no package for it.
// Not here: the server (server.ts), bundling (scripts/lib/setup/mcp.mjs).

export { Server } from '@modelcontextprotocol/sdk/server/index.js';
export { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
export { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
