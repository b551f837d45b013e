// SCIMMY as its documentation serves it: its routers in an Express application, with a bearer token.
import express from "express";
import SCIMMYRouters from "scimmy-routers";
import "./users.mjs";

const app = express();
const handler = (request) => {
    if (request.header("Authorization") !== "Bearer none") throw new Error("the token is unknown");
    return "provider";
};
app.use("/scim", new SCIMMYRouters({ type: "bearer", handler }));

const server = app.listen(0, "127.0.0.1", () => console.log(`ready ${server.address().port}`));
