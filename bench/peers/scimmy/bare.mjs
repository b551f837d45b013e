// SCIMMY's User behind node's bare HTTP server: no routing, no key, no discovery.
import http from "node:http";
import SCIMMY from "scimmy";
import "./users.mjs";

async function body(request) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    return JSON.parse(Buffer.concat(chunks));
}

async function answer(request) {
    const url = new URL(request.url, "http://localhost");
    const [, id] = url.pathname.split("/").slice(1);
    const resource = id
        ? new SCIMMY.Resources.User(id)
        : new SCIMMY.Resources.User(Object.fromEntries(url.searchParams));
    switch (request.method) {
        case "POST":
            return [201, await resource.write(await body(request))];
        case "PATCH": {
            const patched = await resource.patch(await body(request));
            return patched ? [200, patched] : [204, undefined];
        }
        default:
            return [200, await resource.read()];
    }
}

const server = http.createServer(async (request, response) => {
    let status, content;
    try {
        [status, content] = await answer(request);
    } catch (error) {
        status = Number(error.status ?? 500);
        content = new SCIMMY.Messages.ErrorResponse(error);
    }
    const text = content === undefined ? "" : JSON.stringify(content);
    response.writeHead(status, {
        "Content-Type": "application/scim+json",
        "Content-Length": Buffer.byteLength(text),
    });
    response.end(text);
});

server.listen(0, "127.0.0.1", () => console.log(`ready ${server.address().port}`));
