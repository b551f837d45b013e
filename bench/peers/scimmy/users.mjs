// SCIMMY's User over plain maps: users by id, and an index over userName for the filter that providers send.
import { randomUUID } from "node:crypto";
import SCIMMY from "scimmy";

const users = new Map();
const idByName = new Map();

function ingress(resource, instance) {
    const id = resource.id ?? randomUUID();
    const before = users.get(id);
    if (resource.id && !before) throw new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);
    const name = instance.userName.toLowerCase();
    if (idByName.has(name) && idByName.get(name) !== id) {
        throw new SCIMMY.Types.Error(409, "uniqueness", "userName is taken");
    }
    const now = new Date().toISOString();
    const user = {
        ...JSON.parse(JSON.stringify(instance)),
        id,
        meta: { created: before?.meta.created ?? now, lastModified: now },
    };
    if (before) idByName.delete(before.userName.toLowerCase());
    users.set(id, user);
    idByName.set(name, id);
    return user;
}

function egress(resource) {
    if (resource.id) {
        const user = users.get(resource.id);
        if (!user) throw new SCIMMY.Types.Error(404, null, `Resource ${resource.id} not found`);
        return user;
    }
    if (!resource.filter) return [...users.values()];
    const [term] = resource.filter;
    const [operator, value] = term?.userName ?? [];
    if (resource.filter.length === 1 && Object.keys(term).length === 1 && operator === "eq") {
        const user = users.get(idByName.get(value.toLowerCase()));
        return user ? [user] : [];
    }
    return resource.filter.match([...users.values()]);
}

SCIMMY.Resources.declare(SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser))
    .ingress(ingress)
    .egress(egress)
    .degress((resource) => users.delete(resource.id));
