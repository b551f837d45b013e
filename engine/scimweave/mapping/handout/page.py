"""The page itself, as Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from scimweave.mapping.guard import ALWAYS_FREE, GuardProgram, leavers_text
from scimweave.mapping.handout.markup import code, codes, table, text
from scimweave.mapping.handout.rows import Row, left_out, rows_of
from scimweave.mapping.project import (
    GroupProgram,
    MemberField,
    Membership,
    ObjectProgram,
    Program,
    to_json,
)
from scimweave.mapping.rules.convert import Value

PLACEHOLDER = "https://scim.example.com"
FLAG = "?aadOptscim062020"


def title_of(program: Program) -> str:
    """Return what the page is about."""
    return f"Provisioning to {program.title}"


def markdown(program: Program, base_url: str | None = None) -> str:
    """Return the page for the admin of the identity provider.

    ``base_url`` is how the provider reaches the server, without the path of the integration.
    """
    url = (base_url or PLACEHOLDER).rstrip("/") + program.path
    rows = rows_of(program.users)
    lines = [
        f"# {text(title_of(program))}",
        "",
        f"For the administrator of Microsoft Entra ID (or Okta) who lets it create, update and "
        f"deactivate accounts in {text(program.title)} by SCIM 2.0.",
        "",
        *_settings(url, is_real=base_url is not None),
        *_steps(program, rows),
        *_attributes(program, rows),
        *_matching(program, rows),
        *_life_cycle(program),
        *_groups(program),
        *_tests(rows),
        *_okta(program, url),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _settings(url: str, *, is_real: bool) -> Iterator[str]:
    yield "## Settings"
    yield ""
    rows = [
        ("Tenant URL", code(url)),
        ("Secret Token", "comes separately; each new one ends the one before at once"),
        ("Authentication", "bearer token"),
    ]
    yield from table(("setting", "value"), rows)
    yield ""
    if not is_real:
        yield f"{code(PLACEHOLDER)} stands for the address of the server that you were told."
        yield ""
    yield (
        f"No flag is needed behind the Tenant URL. With {code(FLAG)} Entra sends a change in "
        "fewer operations; both ways are understood."
    )
    yield ""


def _steps(program: Program, rows: list[Row]) -> Iterator[str]:
    name = text(program.title)
    matching = codes(row.name for row in rows if row.precedence == 1)
    groups = (
        "Under **Provision Microsoft Entra ID Groups** keep the mapping enabled, or disable it "
        "where you assign no groups."
        if program.groups is not None
        else "Open **Provision Microsoft Entra ID Groups** and set **Enabled** to **No**: "
        "groups are not supported."
    )
    steps = (
        "Sign in to the [Microsoft Entra admin center](https://entra.microsoft.com) as Cloud "
        "Application Administrator or above.",
        "**Enterprise applications** → **New application** → **Create your own application** → "
        f"*Integrate any other application you don't find in the gallery*; name it {name}.",
        "In the application: **Provisioning** → **New configuration** (in the older portal: "
        "**Get started**, Provisioning Mode **Automatic**).",
        "Enter **Tenant URL** and **Secret Token** from above, choose **Test connection**, and "
        "save.",
        "**Mappings** → **Provision Microsoft Entra ID Users**: make the attribute mappings "
        "those of the table below, and delete the others. "
        f"The matching attribute is {matching}, precedence 1.",
        groups,
        "**Users and groups**: assign the people who shall have an account.",
        "**Provision on demand** with one person, and look at the result.",
        "**Start provisioning**. Changes arrive about every 40 minutes.",
    )
    yield "## Steps in Microsoft Entra"
    yield ""
    yield from (f"{number}. {step}" for number, step in enumerate(steps, 1))
    yield ""


def _attributes(program: Program, rows: list[Row]) -> Iterator[str]:
    yield "## Attributes"
    yield ""
    head = (
        "SCIM attribute",
        "Microsoft Entra attribute (default)",
        "Type",
        "Required",
        "Supported for filtering",
        "Matching precedence",
        f"Becomes in {text(program.title)}",
        "Remarks",
    )
    yield from table(head, map(_cells, rows))
    yield ""
    extra = left_out(program.users)
    if extra:
        yield "Entra maps these by default. They are not taken here; delete their rows:"
        yield ""
        yield from (f"- {code(path)} (from {code(source)})" for path, source in extra)
        yield ""


def _cells(row: Row) -> tuple[str, ...]:
    remarks = [*(["several values"] if row.multi_valued else []), *row.remarks]
    if row.case_exact:
        remarks.append("case counts")
    return (
        code(row.name),
        code(row.source) if row.source else "",
        row.type,
        "yes" if row.required else "no",
        "yes" if row.filterable else "no",
        "" if row.precedence is None else str(row.precedence),
        codes(row.fields),
        text("; ".join(remarks)),
    )


def _matching(program: Program, rows: list[Row]) -> Iterator[str]:
    users = program.users
    ordered = sorted((row for row in rows if row.precedence), key=lambda row: row.precedence or 0)
    yield "## Matching"
    yield ""
    order = "Give them to Entra in this order of precedence. " if len(ordered) > 1 else ""
    yield (
        f"Entra asks for a person by {', then by '.join(code(row.name) for row in ordered)}. "
        f"{order}Upper and lower case do not count in {code('userName')}."
    )
    yield ""
    yield (
        f"When a person comes who is not known here yet, an account with the same "
        f"{', or else the same '.join(map(code, users.match))} in {code(users.object)} is taken "
        "over and updated. Where several have it, the person is refused with an error that names "
        "them."
    )
    yield ""


def _life_cycle(program: Program) -> Iterator[str]:
    users = program.users
    operations = users.operations
    set_off = _set(users, operations.deactivate_set, operations.deactivate_call, "false")
    set_on = _set(users, operations.reactivate_set, operations.reactivate_call, "true")
    leaves = f"The account is deactivated: {set_off}. Nothing is lost."
    returns = f"The same account is reactivated: {set_on}."
    if operations.removes_leavers:
        leaves, returns = "The account is deleted.", "An account is created anew, or taken over."
    deletion = {
        "delete": "The account is deleted.",
        "deactivate": f"The account stays, out of use: {set_off}.",
        "ignore": "The account is left as it is.",
    }
    active = code("active")
    rows = (
        ("A person is assigned", code("POST"), "An account is created, or taken over."),
        ("An attribute changes", code("PATCH"), "The fields that differ are updated, no others."),
        (
            "A person is disabled, soft-deleted, no longer assigned, or leaves the scope",
            f"{code('PATCH')}, {active} becomes false",
            leaves,
        ),
        (
            "The person comes back",
            f"{code('PATCH')}, {active} becomes true",
            returns,
        ),
        (
            "A person is deleted for good (in Entra 30 days after the soft delete)",
            code("DELETE"),
            f"{deletion[users.operations.delete]} A person who is created again "
            "afterwards is a new one here, and is matched as above.",
        ),
    )
    yield "## Joiners, movers, leavers"
    yield ""
    yield from table(("In Entra", "What Entra sends", f"In {text(program.title)}"), rows)
    yield ""
    if users.scope is not None:
        yield (
            f"Only people for whom {code(users.scope.text)} holds get an account. Others are known "
            "here all the same; whoever ceases to be one of them is treated as a leaver."
        )
        yield ""
    if program.guard is not None:
        yield (
            f"At most {_limits(program.guard)} go through at once, so that a mistake in the "
            "directory takes nobody's account away. Whoever leaves beyond that is held: Entra is "
            "told that it was done and reads them as inactive, or as deleted; the account is left "
            "as it is until the operator of the server decides. Whoever is assigned again "
            "meanwhile is not held any more. Tell the operator before many people are to leave."
        )
        yield ""


def _limits(guard: GuardProgram) -> str:
    parts = []
    if guard.leavers is not None:
        parts.append(leavers_text(guard.leavers))
    if guard.percent is not None:
        parts.append(f"{guard.percent:g} % of all people (or {ALWAYS_FREE}, where that is more)")
    comma = "," if len(parts) > 1 else ""
    return f"{', and '.join(parts)}{comma} within {guard.window_text}"


def _set(users: ObjectProgram, given: Mapping[str, Value], called: str | None, active: str) -> str:
    """Say what the fields of the account become, and what is called."""
    hidden = {each.name for each in users.fields if each.sensitive}
    parts = [
        f"{code(name)} is set" if name in hidden else f"{code(name)} becomes {code(_shown(value))}"
        for name, value in given.items()
    ]
    follow = [
        each.name
        for each in users.fields
        if each.name not in given and any(path.attribute == "active" for path in each.sources)
    ]
    if follow:
        verb = "follows" if len(follow) == 1 else "follow"
        parts.append(f"{codes(follow)} {verb} {code('active')}, which is {active}")
    if called is not None:
        parts.append(f"{code(called)} is called")
    return ", ".join(parts) or "its fields are made of the person as before"


def _shown(value: Value) -> str:
    return json.dumps(to_json(value), ensure_ascii=False, default=str)


def _groups(program: Program) -> Iterator[str]:
    yield "## Groups"
    yield ""
    groups = program.groups
    if groups is None:
        yield "Not supported. Assigning a group to the application provisions its direct members."
    else:
        yield from _groups_supported(groups)
    yield ""


def _groups_supported(groups: GroupProgram) -> Iterator[str]:
    yield (
        f"Supported. A group becomes one of {code(groups.object)}; match groups by "
        f"{code('displayName')}, precedence 1."
    )
    yield ""
    rows = [
        (code(str(path)), codes(each.name for each in groups.fields if path in each.sources))
        for path in dict.fromkeys(path for each in groups.fields for path in each.sources)
    ]
    members = (code("members"), _members(groups.members))
    yield from table(("SCIM attribute", "Becomes"), [*rows, members])
    yield ""
    end = {"delete": "deletes it", "ignore": "leaves it as it is"}
    yield f"Deleting the group in Entra {end[groups.operations.delete]}."


def _members(kept: Membership | MemberField | None) -> str:
    match kept:
        case Membership():
            return f"rows of {code(kept.object)}"
        case MemberField():
            return code(kept.name)
        case None:
            return "kept here, and not at the target"


def _tests(rows: list[Row]) -> Iterator[str]:
    first = next((row.name for row in rows if row.precedence == 1), "userName")
    yield "## When the connection is tested"
    yield ""
    probe = f'GET …/Users?filter={first} eq "<a random value>"'
    yield f"Entra sends {code(probe)} and expects an empty list."
    yield ""
    answers = (
        ("works", "200 with an empty list"),
        ("401", "the Secret Token is not the newest one, or was not copied whole"),
        ("404", "the path of the Tenant URL is not the one above"),
        (
            "no answer",
            "the server cannot be reached from the Internet, or its certificate is not trusted",
        ),
        ("503", "the target behind the server cannot be reached now; Entra tries again"),
    )
    yield from table(("Result", "Reason"), answers)
    yield ""
    yield (
        "A value that is refused later stands in the provisioning logs of Entra with the SCIM "
        "attribute, the field and the reason."
    )
    yield ""


def _okta(program: Program, url: str) -> Iterator[str]:
    groups = ", *Push Groups*" if program.groups is not None else ""
    yield "## Okta"
    yield ""
    steps = (
        "**Applications** → your application → **General** → **Provisioning: SCIM**.",
        f"**Provisioning** → **Integration**: SCIM connector base URL {code(url)}, unique "
        f"identifier field {code('userName')}, authentication mode **HTTP Header** with the "
        f"Secret Token, supported actions *Push New Users*, *Push Profile Updates*{groups}.",
        "**Test Connector Configuration**, save, and under **To App** enable *Create Users*, "
        "*Update User Attributes* and *Deactivate Users*.",
    )
    yield from (f"{number}. {step}" for number, step in enumerate(steps, 1))
    yield ""
    yield (
        "Okta never deletes a user: whoever is unassigned is deactivated, as in the table above."
    )
    if "_" in url:
        yield ""
        yield "Okta takes no address with an underscore in it; this one has one."
