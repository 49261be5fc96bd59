//! The strategy `pnpm-deploy`: what it writes for each shape of a Dockerfile and version of pnpm,
//! and where it does not fit. That what it writes builds is put to an engine with the pages of
//! `tests/local_packages`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::Repo;
use common::case::{Case, offered};

/// A member of a workspace that is built alone.
const ALONE: &str = "node-pnpm-workspace-service-alone";
/// One whose stages leave links behind.
const LEFT: &str = "node-pnpm-workspace-links-left-behind";

/// The repository of a page.
fn page(name: &str) -> Repo {
    Case::all().into_iter().find(|c| c.name == name).unwrap().repo()
}

/// What `fix` says of the strategy.
fn said(repo: &Repo) -> String {
    repo.run(&["fix", "path-dependency", "--strategy", "pnpm-deploy"]).out
}

/// The Dockerfile once the strategy is written.
fn written(repo: &Repo) -> String {
    let run = repo.run(&["fix", "path-dependency", "--strategy", "pnpm-deploy", "--write"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    repo.read("api/Dockerfile")
}

/// The command that deploys, where a Dockerfile has these lines in place of its install of pnpm,
/// and the root manifest these fields.
fn command(brings: &str, fields: &str) -> String {
    let repo = page(ALONE);
    let file = repo.read("api/Dockerfile").replace("RUN npm install -g pnpm@9.15.9", brings);
    let root = format!("{{\n  {fields}\"name\": \"harbour\",\n  \"private\": true\n}}\n");
    let text = written(&repo.file("api/Dockerfile", file).file("package.json", root));
    text.lines().find(|l| l.contains(" deploy ")).unwrap().to_owned()
}

#[test]
fn the_flag_is_that_of_the_version() {
    let plain = "RUN pnpm --filter api deploy --prod /out";
    let old = "RUN pnpm --filter api deploy --prod --legacy /out";
    let any = "RUN pnpm --filter api deploy --prod --config.force-legacy-deploy=true /out";
    for (brings, fields, want) in [
        ("RUN npm install -g pnpm@9.15.9", "", plain),
        ("RUN npm install -g pnpm@10", "", old),
        ("RUN npm i --global pnpm@12.21.0", "", plain),
        ("RUN npm install -g pnpm", "", plain),
        ("RUN npm install -g pnpm@latest", "", plain),
        ("RUN corepack enable", "\"packageManager\": \"pnpm@10.34.9+sha512.ab\",\n  ", old),
        ("RUN corepack enable && corepack prepare pnpm@10.1.0 --activate", "", old),
        ("RUN npm install -g pnpm", "\"packageManager\": \"pnpm@10.34.9\",\n  ", any),
        ("RUN corepack enable", "", any),
        ("ARG PNPM\nRUN npm install -g pnpm@$PNPM", "", any),
    ] {
        assert_eq!(command(brings, fields), want, "{brings} {fields}");
    }
}

#[test]
fn a_workspace_that_injects_needs_no_flag() {
    let repo = page(ALONE);
    let file = repo.read("api/Dockerfile").replace("pnpm@9.15.9", "pnpm@10.34.9");
    let settings = format!("{}injectWorkspacePackages: true\n", repo.read("pnpm-workspace.yaml"));
    let repo = repo.file("api/Dockerfile", file).file("pnpm-workspace.yaml", settings);
    assert!(written(&repo).contains("deploy --prod /out\n"));
}

#[test]
fn one_stage_becomes_two_and_keeps_what_ships() {
    let repo = page(ALONE).file(
        "api/Dockerfile",
        "\
# syntax=docker/dockerfile:1
FROM node:20-slim AS app
# The health check asks with curl.
RUN apt-get update && apt-get install -y curl
RUN npm install -g pnpm@9.15.9
WORKDIR /srv/app
COPY package.json ./
RUN --mount=type=cache,target=/root/.local/share/pnpm/store pnpm install --prod
COPY --chown=node:node . .
ENV NODE_ENV=production
USER node
CMD [\"node\", \"/srv/app/index.js\"]
",
    );
    let want = "\
# syntax=docker/dockerfile:1
FROM node:20-slim AS build
# The health check asks with curl.
RUN apt-get update && apt-get install -y curl
RUN npm install -g pnpm@9.15.9
WORKDIR /srv/app
COPY api/package.json api/
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml ./
COPY packages/core/package.json packages/core/
RUN --mount=type=cache,target=/root/.local/share/pnpm/store pnpm install --frozen-lockfile --filter api... --prod
WORKDIR /srv/app/api
COPY packages/core /srv/app/packages/core
COPY --chown=node:node api .
RUN --mount=type=cache,target=/root/.local/share/pnpm/store pnpm --filter api deploy --prod /out

FROM node:20-slim AS app
RUN apt-get update && apt-get install -y curl
WORKDIR /srv/app
COPY --from=build --chown=node:node /out ./
ENV NODE_ENV=production
USER node
CMD [\"node\", \"/srv/app/index.js\"]
";
    assert_eq!(written(&repo), want);
}

#[test]
fn the_whole_workspace_is_not_shipped() {
    let repo = page(LEFT);
    let file = repo.read("api/Dockerfile");
    let whole = file.replace("COPY --from=build /app/node_modules node_modules\n", "");
    let whole = whole.replace("COPY --from=build /app/api api", "COPY --from=build /app/api/ api/");
    let text = written(&repo.file("api/Dockerfile", whole));
    assert!(text.contains("COPY --from=build /out api/\n"), "{text}");
    assert!(!text.contains("/app/packages"), "{text}");
}

#[test]
fn it_comes_first_where_another_stage_ships() {
    for (name, want) in [
        (ALONE, &["widen-context", "pnpm-deploy"]),
        ("node-pnpm-workspace-service-alone-two-stages", &["pnpm-deploy", "widen-context"]),
        ("node-pnpm-workspace-member-not-copied", &["copy", "pnpm-deploy"]),
        (LEFT, &["pnpm-deploy", "copy"]),
    ] {
        assert_eq!(offered(&page(name).run(&["fix", "path-dependency"]).out), want, "{name}");
    }
}

#[test]
fn other_managers_hear_nothing_of_it() {
    let out = page("node-npm-workspace-service-alone").run(&["fix", "path-dependency"]).out;
    assert!(!out.contains("pnpm-deploy"), "{out}");
}

#[test]
fn what_may_not_survive_is_refused() {
    for (old, new, reason) in [
        ("COPY . .\n", "COPY . .\nRUN npx prisma generate\n", "may write where pnpm takes nothing"),
        ("COPY . .\n", "COPY . .\nRUN pnpm generate\n", "may write where pnpm takes nothing"),
        ("COPY . .\n", "COPY . .\nRUN pnpm install --prod\n", "several installs"),
        ("COPY package", "USER node\nCOPY package", "pnpm runs as node"),
        ("[\"node\", \"index.js\"]", "[\"pnpm\", \"start\"]", "the image starts pnpm"),
        ("RUN pnpm install", "RUN apt-get update && pnpm install", "not a command of its own"),
        ("pnpm@9.15.9", "pnpm@7.33.0", "pnpm 7 and older"),
        ("COPY . .\n", "RUN touch ready\nCOPY . .\n", "it cannot be told"),
    ] {
        let repo = page(ALONE);
        let file = repo.read("api/Dockerfile").replacen(old, new, 1);
        let out = said(&repo.file("api/Dockerfile", file));
        let line = out.lines().find(|l| l.contains("pnpm-deploy")).unwrap_or(&out).to_owned();
        assert!(line.contains("does not fit: ") && line.contains(reason), "{new}\n{line}");
    }
}

#[test]
fn scripts_that_generate_or_run_again_are_refused() {
    for (scripts, reason) in [
        (r#""build": "tsc", "prebuild": "prisma generate""#, "`RUN pnpm build` may write where"),
        (r#""build": "tsc && cp -r dist /srv/dist""#, "`RUN pnpm build` may write where"),
        (r#""build": "tsc", "postinstall": "node generate.js""#, "a script `postinstall`, which"),
    ] {
        let repo = page("node-pnpm-workspace-service-alone-build-step");
        let manifest = repo.read("api/package.json").replace(r#""build": "tsc""#, scripts);
        let out = said(&repo.file("api/package.json", manifest));
        let line = out.lines().find(|l| l.contains("pnpm-deploy")).unwrap_or(&out).to_owned();
        assert!(line.contains("does not fit: ") && line.contains(reason), "{scripts}\n{line}");
    }
}

#[test]
fn a_member_that_must_be_built_is_built_first() {
    let member = r#"{
  "name": "@quay/core", "main": "dist/index.js", "scripts": {"build": "tsc"},
  "dependencies": {"bytes": "3.1.2"}
}
"#;
    let out = said(&page(LEFT).file("packages/core/package.json", member));
    assert!(
        out.contains("packages/core must be built first: `pnpm --filter api^... build`"),
        "{out}"
    );
    let repo = page(LEFT).file("packages/core/package.json", member);
    let file = repo.read("api/Dockerfile");
    let built = file.replace("--prod\n", "\nRUN pnpm --filter api^... build\n");
    let text = written(&repo.file("api/Dockerfile", built));
    assert!(text.contains("build\nRUN pnpm --filter api deploy --prod /out\n"), "{text}");
}

#[test]
fn files_that_a_deployment_leaves_out_are_asked_for() {
    let member = r#"{
  "name": "@quay/core", "files": ["lib"], "dependencies": {"bytes": "3.1.2"}
}
"#;
    let text = written(&page(LEFT).file("packages/core/package.json", member));
    assert!(text.contains(" --config.deploy-all-files=true /out\n"), "{text}");
    // Before a build, git has none of the files that its ignore file names.
    let text = written(&page(LEFT).file("api/.gitignore", "dist\n"));
    assert!(text.contains("deploy --prod /out\n"), "{text}");
}
