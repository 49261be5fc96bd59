//! YAML trees: spans, anchors, merges, and files made to hurt.

use std::fmt::Write as _;

use plimsoll_syntax::Span;
use plimsoll_syntax::yaml::{Kind, MAX_DEPTH, Style, parse};

#[test]
fn every_scalar_knows_its_bytes() {
    let source = "name: \"é\"\non: [push, 'pull_request']\njobs:\n  a:\n    steps:\n      - run: make x # c\n        if: true\n";
    let yaml = parse(source);
    let root = yaml.documents().next().unwrap();
    let slice = |path: &[&str]| root.get_path(path).unwrap().span().text(source);
    assert_eq!(slice(&["name"]), "\"é\"");
    assert_eq!(slice(&["on"]), "[push, 'pull_request']");
    let step = root.get_path(&["jobs", "a", "steps"]).unwrap().items().next().unwrap();
    assert_eq!(step.get("run").unwrap().span().text(source), "make x");
    assert_eq!(step.span().text(source), "run: make x # c\n        if: true");
    assert_eq!(step.get("if").unwrap().as_bool(), Some(true));
    let on = root.get("on").unwrap().items().map(|n| n.span().text(source));
    assert_eq!(on.collect::<Vec<_>>(), ["push", "'pull_request'"]);
}

#[test]
fn block_scalars_map_back_to_their_lines() {
    let source = "é: 1\nrun: |\n    set -e\n\n    docker build \\\n      -t x .\nnext: >-\n    a b\n    c\nq: \"tab\\there\"\n";
    let yaml = parse(source);
    let root = yaml.documents().next().unwrap();
    let run = root.get("run").unwrap();
    assert_eq!(run.style(), Some(Style::Literal));
    let cooked = run.cooked();
    assert_eq!(cooked.text(), "set -e\n\ndocker build \\\n  -t x .\n");
    assert_eq!(cooked.source_span(Span::new(4, 6)).text(source), "-e");
    let at = cooked.text().find("-t x").unwrap();
    let span = cooked.source_span(Span::new(at, at + 4));
    assert_eq!(span.text(source), "-t x");
    assert_eq!(source[..span.start as usize].matches('\n').count(), 5);
    let folded = root.get("next").unwrap().cooked();
    assert_eq!(folded.text(), "a b c");
    assert_eq!(folded.source_span(Span::new(4, 5)).text(source), "c");
    assert_eq!(root.get("q").unwrap().cooked().text(), "tab\there");
}

#[test]
fn anchors_merge_without_copies() {
    let source =
        "base: &b {a: 1, b: 2}\nmore: &m {b: 3, c: 4}\nx:\n  <<: [*b, *m]\n  a: 9\ny: *b\n";
    let yaml = parse(source);
    let root = yaml.documents().next().unwrap();
    let x = root.get("x").unwrap();
    let pair = |(k, v): (plimsoll_syntax::yaml::Node<'_>, plimsoll_syntax::yaml::Node<'_>)| {
        format!("{}={}", k.as_str().unwrap(), v.as_str().unwrap())
    };
    assert_eq!(x.entries().map(pair).collect::<Vec<_>>(), ["a=9", "b=2", "c=4"]);
    assert_eq!(x.get("c").unwrap().as_i64(), Some(4));
    assert_eq!(root.get("y").unwrap().span().text(source), "*b");
    assert_eq!(root.get_path(&["y", "a"]).unwrap().as_str(), Some("1"));
}

#[test]
fn unknown_tags_documents_and_json_are_fine() {
    let yaml = parse(
        "---\na: !reference [x, y]\nb: !Ref z\n---\n{\"k\": [1, {\"n\": null}],\n\t\"t\": \"\\u0041\"}\n",
    );
    assert_eq!(yaml.errors(), []);
    let docs: Vec<_> = yaml.documents().collect();
    assert_eq!(docs[0].get("a").unwrap().tag(), Some("!reference"));
    assert_eq!(docs[1].get("t").unwrap().as_str(), Some("A"));
    let list: Vec<_> = docs[1].get("k").unwrap().items().collect();
    assert_eq!(list[1].get("n").unwrap().kind(), Kind::Null);
}

#[test]
fn an_error_keeps_what_came_before_it() {
    let yaml = parse("a: 1\nb:\n  c: 2\n d: [\n");
    assert_eq!(yaml.errors().len(), 1);
    assert_eq!(yaml.documents().next().unwrap().get("a").unwrap().as_str(), Some("1"));
    assert_eq!(parse("a: 1\na: 2\n").duplicates().len(), 1);
    let dos = parse("\u{feff}a: 1\r\nb: 2\r\n");
    assert_eq!(dos.documents().next().unwrap().get("b").unwrap().as_str(), Some("2"));
}

#[test]
fn a_billion_laughs_is_an_error() {
    let mut source = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for i in 1..12 {
        let aliases = vec![format!("*a{}", i - 1); 10].join(", ");
        let _ = writeln!(source, "a{i}: &a{i} [{aliases}]");
    }
    let yaml = parse(&source);
    assert!(yaml.errors().iter().any(|e| e.message.contains("aliases expand")));
    let merges: String =
        (1..16).map(|i| format!("m{i}: &m{i}\n  <<: [*m{0}, *m{0}]\n", i - 1)).collect();
    let yaml = parse(&format!("m0: &m0 {{k: 1}}\n{merges}"));
    let root = yaml.documents().next().unwrap();
    assert_eq!(root.get("m10").unwrap().entries().count(), 1);
}

#[test]
fn depth_is_bounded() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(parse(&deep).errors().len(), 1);
    let deep = parse(&"- ".repeat(300));
    assert!(
        deep.errors().iter().any(|e| e.message.contains(&MAX_DEPTH.to_string())),
        "{:?}",
        deep.errors()
    );
    assert!(!parse("a: *nope\n").errors().is_empty());
    assert_eq!(parse("").documents().count(), 0);
}

#[test]
fn brackets_may_close_at_the_indentation_of_their_key() {
    let source = "\u{feff}a:\n  b: [\n    \"x # y\", # é\n    z\n  ]\n  c: {\n    d: 1 # it's\n  }\n  e:\n  - [\r\n    1\r\n  ]\nf: [\n# é\n]\ng: é\n";
    let yaml = parse(source);
    assert_eq!(yaml.errors(), []);
    let root = yaml.documents().next().unwrap();
    let text = |path: &[&str]| root.get_path(path).unwrap().span().text(source);
    let items = |path: &[&str]| -> Vec<String> {
        let node = root.get_path(path).unwrap();
        node.items().map(|n| n.as_str().unwrap_or("").to_owned()).collect()
    };
    assert_eq!(items(&["a", "b"]), ["x # y", "z"]);
    assert_eq!(text(&["a", "b"]), "[\n    \"x # y\", # é\n    z\n  ]");
    assert_eq!(text(&["a", "c", "d"]), "1");
    assert_eq!(text(&["g"]), "é");
    assert_eq!(items(&["f"]), Vec::<String>::new());
    assert_eq!(root.get_path(&["a", "e"]).unwrap().items().count(), 1);
}

#[test]
fn what_is_no_yaml_stays_none() {
    for source in
        ["a: [\n  x: 1\n", "a:\n  b: [\nc: 1\n", "a: [\n\"x\ny: 1\n", "a:\n b: 1\n  c: 2\n"]
    {
        assert_ne!(parse(source).errors(), [], "{source:?}");
    }
    let many: String = (0..5_000).map(|i| format!("k{i}:\n  x: [\n  ]\n")).collect();
    assert_ne!(parse(&many).errors(), [], "what is joined is bounded");
}
