use super::*;

const SIMPLE: &str = include_str!("../captures/python-simple.txt");
const WORKERS: &str = include_str!("../captures/python-workers.txt");

fn named<'t>(trace: &'t Trace, name: &str) -> &'t Module {
    trace.service.modules.iter().find(|module| module.name == name).unwrap()
}

#[test]
fn a_program_is_read_as_a_tree() {
    let trace = parse(SIMPLE);
    assert!(trace.startup.contains("site") && trace.startup.contains("encodings.utf_8"));
    assert!(!trace.startup.contains("json"));
    let roots: Vec<&str> = trace
        .service
        .modules
        .iter()
        .filter(|module| module.parent.is_none())
        .map(|module| module.name.as_str())
        .collect();
    assert_eq!(roots, ["json", "http.server"]);
    let server = named(&trace, "socketserver").parent.unwrap();
    assert_eq!(trace.service.modules[server].name, "http.server");
    let own: f64 = trace.service.modules.iter().map(|module| module.own).sum();
    assert!((own - trace.service.seconds()).abs() < 0.001, "{own}");
}

/// Two workers and the tracker of their resources write to one stream, amid what the service says.
#[test]
fn workers_are_told_apart() {
    let trace = parse(WORKERS);
    assert!(trace.service.modules.len() > 700);
    let apps: Vec<&Module> =
        trace.service.modules.iter().filter(|module| module.name == "fastapi").collect();
    assert_eq!(apps.len(), 2);
    // What a module loads is loaded no longer than the module itself.
    let lost = trace
        .service
        .modules
        .iter()
        .filter(|module| {
            module
                .parent
                .is_some_and(|parent| trace.service.modules[parent].seconds < module.seconds)
        })
        .count();
    assert_eq!(lost, 0);
    let costliest = trace.service.costliest();
    assert_eq!(costliest[0].name, "fastapi", "{costliest:#?}");
    assert!(costliest[0].modules > 100, "{costliest:#?}");
}

#[test]
fn what_is_no_line_is_passed_over() {
    for text in [
        "",
        "import time:",
        "import time: x | 1 | a",
        "import time: 1 | 99999999999999999999999 | a",
        "import time: 1 | 1 | a\u{1b}[2J",
        "import time: 1 | 1 |",
        "import time: self [us] | cumulative | imported package",
    ] {
        assert!(parse(text).service.modules.is_empty(), "{text:?}");
    }
    let text = "half a line import time:        10 |         10 |   a\n\
                import time:        10 |         20 | b";
    assert_eq!(parse(text).service.modules[0].parent, Some(1));
}

#[test]
fn much_of_it_takes_no_long() {
    let same = "import time: 1 | 7 |   a\nimport time: 1 | 9 | b\n".repeat(200_000);
    let trace = parse(&same);
    assert!(trace.cut && trace.service.modules.len() == MOST);
    let many: String = (0..5_000)
        .map(|n| {
            format!("import time: 1 | {} |   m{n}\n", n * 7 + 3) + "import time: 1 | 50001 | p\n"
        })
        .collect();
    assert_eq!(parse(&many).service.modules.len(), 10_000);
    let sums =
        format!("import time: {0} | {0} |   a\nimport time: 0 | 1 | p\n", u64::MAX).repeat(9);
    assert!(!parse(&sums).cut);
}
