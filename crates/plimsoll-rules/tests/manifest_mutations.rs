//! Any text is a manifest or a lock file: random mutations of real shapes never panic, every
//! place fits the text, and the time is linear.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::print_stderr, reason = "a slow case must be named")]

use std::time::Duration;

use plimsoll_rules::packages::{self, locks};
use plimsoll_rules::repo::Place;

const SEEDS: [(&str, &str); 22] = [
    (
        "pyproject.toml",
        "[project]\nname = \"a\"\nreadme = \"R.md\"\nlicense = {file = 'L'}\ndependencies = [\
         \"core @ file:///Users/me/c%20é#x\", 'x @ {root:uri}/../x', \"g @ git+ssh://h/g\"]\n\
         [project.optional-dependencies]\ne = [\"k[a]@file:///k ; python_version>'3'\"]\n\
         [dependency-groups]\ndev = ['-e file:///${PROJECT_ROOT}/../d#egg=d']\n",
    ),
    (
        "pyproject.toml",
        "[tool.poetry]\nname = 'p'\nreadme = 'R'\n[tool.poetry.dependencies]\npython = '^3'\n\
         core = { path = \"../core\", develop = true }\nm = [{path='''../m'''},{git='g'}]\n\
         [tool.poetry.group.dev]\noptional = true\n[tool.poetry.group.dev.dependencies.x]\n\
         path = '..\\x'\n[tool.poetry.extras]\ne = ['core']\n[tool.uv.sources]\n\
         w = { workspace = true }\nv.path = \"v\"\n[tool.uv.workspace]\nmembers = ['a/*', '!b']\n\
         [tool.pdm.dev-dependencies]\nt = ['-e file:///é#egg=t']\n",
    ),
    (
        "Pipfile",
        "[packages]\na = {path = '../a', editable = true}\n[dev-packages]\nb = {file = 'b'}\n",
    ),
    (
        "setup.cfg",
        "[metadata]\nname = é\n[options]\ninstall_requires =\n  a @ file:///a\n\tb\n\
                   [options.extras_require]\nx = c @ git+https://c\n",
    ),
    (
        "requirements.txt",
        "-r ../base.txt\n-c=c.txt\n--find-links ./w # é\n-e ../a[x]\n./b.whl ; x\n\
                          c @ file:///c\ngit+https://h/r@1#egg=n&x\nd==1 \\\n  --hash=sha256:0\n",
    ),
    (
        "package.json",
        "{\"name\": \"@é/a\", \"main\": \"m.js\", \"workspaces\": {\"packages\": [\"p/*\"]},\
                      \"dependencies\": {\"b\": \"file:../b\", \"c\": \"workspace:^\", \"d\": \"git+x\"},\
                      \"devDependencies\": {\"e\": \"link:../e\", \"f\": \"portal:f\", \"g\": \"~/g\"}}",
    ),
    (
        "Cargo.toml",
        "[package]\nname = 'a'\n[dependencies]\nb = { path = \"../b\" }\nc.workspace = true\n\
                    [target.'cfg(x)'.dependencies.d]\ngit = 'g'\n[patch.crates-io]\ne = {path=''}\n\
                    [workspace]\nmembers = ['a', 'é/*']\n[workspace.dependencies]\nf = {path='f'}\n",
    ),
    (
        "go.mod",
        "module x\nreplace a => ../a\nreplace (\n\tb v1 => \"./b\" // é\n)\nrequire c v0.0.0\n",
    ),
    ("go.work", "go 1.22\nuse (\n\t./a\n\t`../b`\n)\nuse .\n"),
    (
        "pom.xml",
        "<?xml version='1.0'?><project xmlns='u'><artifactId>a</artifactId><parent>\
                 <artifactId>p</artifactId><relativePath>..\\p</relativePath></parent><modules>\
                 <module>é</module></modules><dependencies><dependency><artifactId>d</artifactId>\
                 <systemPath>${basedir}/x.jar</systemPath></dependency></dependencies></project>",
    ),
    (
        "settings.gradle",
        "rootProject.name = 'é'\ninclude ':a', ':b:c'\nincludeBuild(\"../x\")\n\
                         project(':a').projectDir = file(\"$rootDir/../a\")\n/* include 'z'\n*/\n",
    ),
    (
        "build.gradle.kts",
        "repositories { flatDir { dirs(\"libs\", '../é') } }\nfiles('a.jar')\n// x\n",
    ),
    (
        "A.csproj",
        "\u{feff}<Project><ItemGroup><ProjectReference Include='..\\b\\B.csproj;c' />\
                  <Import Project=\"é.props\"/><HintPath>x.dll</HintPath></ItemGroup></Project>",
    ),
    (
        "poetry.lock",
        "[[package]]\nname = 'a'\n[package.dependencies]\nc = {path = \"../c\"}\n\
                     [package.source]\ntype = 'directory'\nurl = \"../é\"\n",
    ),
    (
        "uv.lock",
        "[[package]]\nname='a'\nsource={editable='.'}\n[[package]]\nsource={directory=\"../b\"}\n",
    ),
    ("pdm.lock", "[[package]]\nname = 'é'\npath = \"./../a\"\neditable = true\n"),
    (
        "Pipfile.lock",
        "{\"default\": {\"é\": {\"path\": \"../a\", \"editable\": true}}, \"develop\": {}}",
    ),
    (
        "package-lock.json",
        "{\"packages\": {\"node_modules/a\": {\"resolved\": \"../é\", \"link\": true},\
                           \"x/node_modules/b\": {\"resolved\": \"file:b.tgz\"}}}",
    ),
    (
        "pnpm-lock.yaml",
        "importers:\n  é:\n    dependencies:\n      a:\n        version: link:../a\n",
    ),
    (
        "yarn.lock",
        "\"@x/é@file:../c\":\n  resolution: \"@x/c@link:../c#l::x\"\na@portal:../a:\n# @file:\n",
    ),
    ("npm-shrinkwrap.json", "{\"packages\": null}"),
    ("docs/requirements/dev.in", "--editable=../é\n--no-index\n../x/\n"),
];

const PIECES: [&str; 44] = [
    "\n",
    "\r",
    "\\",
    " ",
    "\t",
    "\"",
    "'",
    "'''",
    "\"\"\"",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "=",
    ":",
    ",",
    "#",
    "@",
    "%",
    "%2",
    "%2e%2e",
    "é",
    "\u{feff}",
    "\0",
    "\u{1b}",
    "../",
    "/",
    "file:",
    "file:///",
    "git+",
    "-e ",
    "-r",
    "<",
    ">",
    "</",
    "&#x",
    "<![CDATA[",
    "<!--",
    "xmlns:a='b'",
    "/*",
    "*/",
    "(\n",
];

/// A small generator (xorshift), the same numbers on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap()
    }

    fn boundary(&mut self, text: &str) -> usize {
        let at = self.below(text.len() + 1);
        (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap()
    }
}

fn mutate(text: &mut String, random: &mut Random) {
    let (a, b) = (random.boundary(text), random.boundary(text));
    let range = a.min(b)..a.max(b);
    match random.below(4) {
        0 if range.len() < 40 => text.replace_range(range, ""),
        1 if range.len() < 200 => {
            let copy = text[range].to_owned();
            let at = random.boundary(text);
            text.insert_str(at, &copy);
        }
        _ => text.insert_str(a, PIECES[random.below(PIECES.len())]),
    }
}

#[track_caller]
fn fits(path: &str, text: &str, place: &Place) {
    let head: String = text.chars().take(400).collect();
    let found = place.span.is_none_or(|s| text.get(s.range()).is_some());
    assert!(found, "{:?} does not fit {path} {head:?}", place.span);
}

fn check(path: &str, text: &str) {
    if let Some(manifest) = packages::read(path, text) {
        for dependency in &manifest.dependencies {
            fits(path, text, &dependency.at);
            dependency.path_at.iter().for_each(|p| fits(path, text, p));
        }
        manifest.wants.iter().for_each(|w| fits(path, text, &w.at));
        manifest.reads.iter().for_each(|(_, p)| fits(path, text, p));
        manifest.error.iter().for_each(|(_, p)| fits(path, text, p));
    }
    if let Some(lock) = locks::read(path, text) {
        lock.locals.iter().chain(&lock.nested).for_each(|l| fits(path, text, &l.at));
        lock.error.iter().for_each(|(_, p)| fits(path, text, p));
    }
}

#[test]
fn every_seed_is_read() {
    for (path, text) in SEEDS {
        let manifest = packages::read(path, text);
        let lock = locks::read(path, text);
        assert!(manifest.is_some() || lock.is_some(), "{path} is not read");
        let errors = manifest.and_then(|m| m.error).or(lock.and_then(|l| l.error));
        assert_eq!(errors, None, "{path}");
    }
}

#[test]
fn mutations_never_panic() {
    for (path, text) in SEEDS {
        check(path, text);
    }
    for round in 1..=20_000_u64 {
        let mut random = Random(round.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (path, seed) = SEEDS[random.below(SEEDS.len())];
        let mut text = seed.to_owned();
        for _ in 0..=random.below(8) {
            mutate(&mut text, &mut random);
        }
        check(path, &text);
    }
}

/// Inputs that punish anything quadratic or recursive; each of a quarter of the largest file
/// that is read.
#[test]
fn hostile_inputs_take_linear_time() {
    let cases = [
        ("pyproject.toml", "[project]\ndependencies = [\n", "'a@file:///b',\n", "]\n"),
        ("pyproject.toml", "a = ", "[", ""),
        ("pyproject.toml", "a = ", "{a=", ""),
        ("pyproject.toml", "", "a.", "a = 1"),
        ("pyproject.toml", "[", "a.", "a]"),
        ("pyproject.toml", "", "#é\n", ""),
        ("pyproject.toml", "[tool.poetry.dependencies]\n", "a# = {path='a'}\n", ""),
        ("pyproject.toml", "[tool.uv.sources]\n", "a# = {path='a'}\n", ""),
        ("requirements.txt", "", "-e ../a\n", ""),
        ("requirements.txt", "", " #", ""),
        ("requirements.txt", "a @ file:", "%20", ""),
        ("setup.cfg", "[options]\ninstall_requires =\n", " a @ file:///a\n", ""),
        ("Pipfile", "[packages]\n", "a# = {path='a'}\n", ""),
        ("package.json", "{\"dependencies\": {", "\"a#\": \"file:a\",\n", "\"b\": \"\"}}"),
        ("package.json", "", "[", ""),
        ("package.json", "", "{\"a\":", ""),
        ("package.json", "{\"workspaces\": [", "\"a\",", "\"b\"]}"),
        ("Cargo.toml", "[dependencies]\n", "a# = {path='a'}\n", ""),
        ("go.mod", "replace (\n", "a => ../a\n", ")\n"),
        ("go.mod", "", "replace (\n", ""),
        ("pom.xml", "<a>", "<dependency><artifactId>a</artifactId></dependency>", "</a>"),
        ("pom.xml", "", "<dependency>", ""),
        ("pom.xml", "<a ", "a#='' ", "/>"),
        ("pom.xml", "<a ", "xmlns:a#='b#' ", "/>"),
        ("pom.xml", "<a>", "&#120;", "</a>"),
        ("a.csproj", "<a>", "<ProjectReference Include='a;b;c'/>", "</a>"),
        ("settings.gradle", "", "project(':#').projectDir = file('a')\ninclude ':x#'\n", ""),
        ("settings.gradle", "", "include '", ""),
        ("build.gradle", "", "files('a', 'b')\n", ""),
        ("poetry.lock", "", "[[package]]\nname='#'\nsource={type='directory',url='#'}\n", ""),
        ("uv.lock", "", "[[package]]\nname='#'\nsource={editable='#'}\n", ""),
        (
            "package-lock.json",
            "{\"packages\": {",
            "\"node_modules/#\": {\"link\": true, \"resolved\": \"#\"},",
            "\"\": {}}}",
        ),
        ("pnpm-lock.yaml", "dependencies:\n", "  a#:\n    version: link:../a\n", ""),
        ("yarn.lock", "", "a#@file:../a#:\n", ""),
        ("yarn.lock", "", "@file:", ""),
    ];
    for (path, head, unit, tail) in cases {
        // A larger file of XML is not parsed.
        let size = if path.ends_with('l') || path.ends_with("proj") { 127 << 10 } else { 1 << 20 };
        in_time(path, &format!("{head}{}{tail}", many(unit, size)));
    }
    let half = 1 << 19;
    let declared = many("a# = {path='a',optional=true}\n", half);
    let extras = format!(
        "[tool.poetry.extras]\ne = [{}]\n[tool.poetry.dependencies]\n{declared}",
        many("'a#',", half)
    );
    in_time("pyproject.toml", &extras);
    let sources = format!(
        "[project]\ndependencies = [{}]\n[tool.uv.sources]\n{declared}",
        many("'a#',", half)
    );
    in_time("pyproject.toml", &sources);
    // What every child of an element inherits.
    let inherited =
        format!("<a {}>{}</a>", many("xmlns:a#='' ", 63 << 10), many("<b xmlns:c='d'/>", 63 << 10));
    in_time("pom.xml", &inherited);
}

/// A unit again and again, `#` in it counted up.
fn many(unit: &str, size: usize) -> String {
    let mut text = String::with_capacity(size + unit.len());
    for number in 0.. {
        if text.len() + unit.len() + 8 > size {
            break;
        }
        text.push_str(&unit.replace('#', &format!("{number}")));
    }
    text
}

fn in_time(path: &str, text: &str) {
    let (took, ()) = time(|| check(path, text));
    let head: String = text.chars().take(60).collect();
    eprintln!("{took:?} {path} {head:?}");
    assert!(took < Duration::from_secs(20), "{path} {head:?} took {took:?}");
}

#[expect(clippy::disallowed_methods, reason = "a test may look at the clock")]
fn time<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = std::time::Instant::now();
    let result = work();
    (start.elapsed(), result)
}
