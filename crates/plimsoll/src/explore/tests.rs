//! Keys in, screens out.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../tests/common/archive.rs"]
mod archive;

use plimsoll_oci::{Analysis, Image, Wanted};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::json;

use super::draw::draw;
use super::paint::Theme;
use super::state::State;

fn image() -> Image {
    let layers = [
        archive::layer(&[
            "usr/",
            "usr/lib/",
            &format!("usr/lib/big.so: {}", "b".repeat(6000)),
            "tmp/",
            &format!("tmp/cache: {}", "c".repeat(3000)),
            "etc/app.conf: old",
        ]),
        archive::layer(&["etc/app.conf: newer", "tmp/.wh.cache", "app/run -> ../usr/lib/big.so"]),
        archive::layer(&["755 app/main.py: print()", "app/e\u{1b}[31mvil: x"]),
    ];
    let bytes = archive::docker(&layers, &json!({"Cmd": ["/app/main.py"]}));
    Image::stream(&mut &*bytes, &Wanted::default()).unwrap()
}

fn key(code: KeyCode) -> KeyEvent {
    KeyEvent::new(code, KeyModifiers::NONE)
}

/// Presses keys: a letter each, `\n` for Enter, `\t` for Tab, `>` and `<` for the arrows.
fn press(state: &mut State<'_>, keys: &str) {
    for c in keys.chars() {
        state.key(key(match c {
            '\n' => KeyCode::Enter,
            '\t' => KeyCode::Tab,
            '>' => KeyCode::Right,
            '<' => KeyCode::Left,
            '^' => KeyCode::Esc,
            c => KeyCode::Char(c),
        }));
    }
}

fn screen(state: &mut State<'_>, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, state, Theme(false))).unwrap();
    let buffer = terminal.backend().buffer();
    let rows = buffer.content.chunks(usize::from(width));
    let text = |row: &[ratatui::buffer::Cell]| {
        row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned()
    };
    rows.map(text).collect::<Vec<_>>().join("\n")
}

/// The names of the rows after some keys, with what the layer did to them.
fn rows(keys: &str) -> String {
    let image = image();
    let analysis = Analysis::new(&image);
    let report = analysis.report("app");
    let mut state = State::new(&analysis, &report).unwrap();
    press(&mut state, keys);
    let line = |node: &super::tree::Node| {
        let hidden = if state.sight.is_hidden(&analysis, node.path) { " hidden" } else { "" };
        let change = state.sight.change(node.path);
        format!("{} {change:?}{hidden}", image.paths.text(node.path))
    };
    state.tree.rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn folders_open_and_close() {
    assert_eq!(rows(""), "usr None\napp Changed\netc None\ntmp None");
    assert_eq!(
        rows(">j>"),
        "usr None\nusr/lib None\nusr/lib/big.so None\napp Changed\netc None\ntmp None"
    );
    assert_eq!(rows(">j><<<"), rows(""));
    assert_eq!(rows("\n\n"), rows(""));
    assert_eq!(rows("s"), "app Changed\netc None\ntmp None\nusr None");
}

#[test]
fn a_layer_says_what_it_did() {
    assert_eq!(rows("[/c\n"), "etc Changed\netc/app.conf Changed\ntmp Changed\ntmp/cache Deleted");
    assert_eq!(
        rows("[[/c\n"),
        "tmp Added\ntmp/cache Added hidden\netc Added\netc/app.conf Added hidden"
    );
    assert_eq!(rows("a"), "app Changed");
}

#[test]
fn a_filter_opens_what_it_finds() {
    assert_eq!(rows("/BIG\n"), "usr None\nusr/lib None\nusr/lib/big.so None");
    assert_eq!(rows("/lib/b\n"), rows("/big\n"));
    assert_eq!(rows("/big\n^"), rows(""));
    assert_eq!(rows("/lib^"), rows(""));
    assert_eq!(rows("/nowhere\n"), "");
}

#[test]
fn waste_leads_to_where_it_still_is() {
    let image = image();
    let analysis = Analysis::new(&image);
    let report = analysis.report("app");
    let mut state = State::new(&analysis, &report).unwrap();
    press(&mut state, "3\n");
    assert_eq!(state.layer, 0);
    assert_eq!(image.paths.text(state.node().unwrap().path), "tmp/cache");
}

#[test]
fn an_owner_leads_to_its_files() {
    let status = "Package: tool\nStatus: install ok installed\nVersion: 1.2\n\n";
    let layers = [archive::layer(&[
        &format!("var/lib/dpkg/status: {status}"),
        "var/lib/dpkg/info/tool.list: /usr/bin/tool\n",
        "usr/bin/tool: tool",
        "usr/bin/other: other",
    ])];
    let bytes = archive::docker(&layers, &json!({}));
    let image = Image::stream(&mut &*bytes, &Wanted::default()).unwrap();
    let analysis = Analysis::new(&image);
    let report = analysis.report("app");
    let mut state = State::new(&analysis, &report).unwrap();
    press(&mut state, "2/apt\n\n");
    assert_eq!(state.filter, "@apt tool 1.2");
    let names: Vec<_> = state.tree.rows.iter().map(|node| image.paths.name(node.path)).collect();
    assert_eq!(names, ["var", "lib", "dpkg", "info", "tool.list", "usr", "bin", "tool"]);
}

#[test]
fn keys_that_leave() {
    let image = image();
    let analysis = Analysis::new(&image);
    let report = analysis.report("app");
    for (keys, leaves) in [("q", true), ("^", true), ("/q", false), ("?q", false), ("/a\n^", false)]
    {
        let mut state = State::new(&analysis, &report).unwrap();
        press(&mut state, keys);
        assert_eq!(state.is_done, leaves, "{keys}");
        state.key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL));
        assert!(state.is_done);
    }
}

#[test]
fn the_screen() {
    let image = image();
    let analysis = Analysis::new(&image);
    let report = analysis.report("app");
    let mut state = State::new(&analysis, &report).unwrap();
    press(&mut state, "j>j");
    let wanted = "\
app  9.02 kB in 3 layers, 6.01 kB seen, 3.00 kB wasted
 1 files  2 owners 3  3 waste 2  4 needless 0  5 secrets 0
  0 9.00 kB! RUN ste │   6.00 kB ▸ usr/
  1     5 B  RUN ste │~      8 B ▾ app/
  2     8 B  RUN ste │+      7 B     main.py
                     │+      1 B     e\\u{1b}[31mvil
                     │       0 B     run -> ../usr/lib/big.s
                     │       5 B ▸ etc/
                     │       0 B   tmp/
                     │
────────────────────────────────────────────────────────────
/app/main.py
7 bytes  0755 0:0
layer 2: RUN step 2
? keys  Tab view  [ ] layer  a alone  / filter  q quit";
    assert_eq!(screen(&mut state, 60, 15), wanted);
}

#[test]
fn the_keys_and_the_lists() {
    let image = image();
    let analysis = Analysis::new(&image);
    let report = analysis.report("app");
    let mut state = State::new(&analysis, &report).unwrap();
    press(&mut state, "3");
    let text = screen(&mut state, 120, 20);
    assert!(text.contains("3.00 kB ████     /tmp/cache  deleted by layer 1"), "{text}");
    assert!(text.contains("layer 0: RUN step 0"), "{text}");
    press(&mut state, "?");
    assert!(screen(&mut state, 60, 15).contains("hidden by a later layer"), "{text}");
}

#[test]
fn every_view_fits_every_screen() {
    let image = image();
    let analysis = Analysis::new(&image);
    let report = analysis.report("app\u{1b}[2J");
    let mut state = State::new(&analysis, &report).unwrap();
    press(&mut state, "/a\n");
    for keys in ["", "\t", "\t", "\t", "\t", "\t", "G", "g", "?"] {
        press(&mut state, keys);
        for (width, height) in [(1, 1), (59, 15), (60, 15), (80, 24), (100, 40), (250, 80)] {
            let text = screen(&mut state, width, height);
            assert!(!text.contains('\u{1b}'), "{text}");
        }
    }
}
