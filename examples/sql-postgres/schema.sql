-- The tables of a personnel system, as they were before anybody thought of provisioning.
CREATE SCHEMA hr;

CREATE TYPE hr.status AS ENUM ('working', 'left');

CREATE TABLE hr.employees (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email       varchar(255) NOT NULL,
    status      hr.status NOT NULL DEFAULT 'working',
    full_name   text NOT NULL,
    name        jsonb,
    job_title   varchar(200),
    department  text,
    external_id text,
    hired_at    timestamptz NOT NULL DEFAULT now(),
    deleted_at  timestamptz
);
-- Nobody has two accounts, in whatever case the address is written; who was deleted may come back.
CREATE UNIQUE INDEX employees_email ON hr.employees (lower(email)) WHERE deleted_at IS NULL;

CREATE TABLE hr.employee_emails (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    employee_id uuid NOT NULL REFERENCES hr.employees,
    address     text NOT NULL,
    kind        text
);

CREATE TABLE hr.teams (id serial PRIMARY KEY, name text NOT NULL UNIQUE);
CREATE TABLE hr.team_members (
    team_id     integer NOT NULL REFERENCES hr.teams ON DELETE CASCADE,
    employee_id uuid NOT NULL REFERENCES hr.employees,
    PRIMARY KEY (team_id, employee_id)
);

-- Priya left some years ago.
INSERT INTO hr.employees (email, status, full_name, job_title)
VALUES ('Priya.Raman@contoso.com', 'left', 'Priya Raman', 'Software Engineer');
