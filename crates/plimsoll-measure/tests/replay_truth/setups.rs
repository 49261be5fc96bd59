//! What the ways to keep a cache keep: each commit is built on a builder that knows nothing but
//! what the build before exported.

use std::fs;

use plimsoll_graph::{Cache, Evaluator};
use plimsoll_measure::history::{History, TreeOptions};
use plimsoll_model::CacheSetup;

use crate::Tally;
use crate::engine::{self, Engine};
use crate::story::{self, Story};

/// How a build is told to keep its cache, and where it finds the one before.
fn options(setup: CacheSetup, image: &str) -> Vec<String> {
    // In a repository of its own: some registries cannot take one layer twice at the same time.
    let (repository, tag) = image.rsplit_once(':').unwrap();
    let beside = format!("{repository}-cache:{tag}");
    let (from, to) = match setup {
        CacheSetup::Inline => (image, "type=inline".to_owned()),
        CacheSetup::Min => (beside.as_str(), format!("type=registry,ref={beside},mode=min")),
        CacheSetup::Max => (beside.as_str(), format!("type=registry,ref={beside},mode=max")),
        CacheSetup::None | CacheSetup::Local => return Vec::new(),
    };
    vec![
        format!("--output=type=image,push=true,name={image}"),
        format!("--cache-from=type=registry,ref={from}"),
        format!("--cache-to={to}"),
    ]
}

fn check(story: &Story, engine: &Engine, setup: CacheSetup) -> Tally {
    let history = History::open(&story.folder).unwrap();
    let tree = history.tree(TreeOptions::default());
    let (mut evaluator, mut cache) = (Evaluator::default(), Cache::new(setup));
    let mut tally = Tally::default();
    let options = options(setup, &format!("{}-{}", engine.base, setup.name()));
    for commit in &story.commits(&history) {
        story.check_out(commit);
        engine::prune();
        let truth = engine.ask(story, commit, &options);
        let moment = story.recipe.moment(&tree, commit.tree, commit.id).unwrap();
        let keyed = evaluator.build(&tree, &moment).unwrap();
        let title = format!("{} {}: {}", setup.name(), story.name, commit.subject);
        tally.compare(&title, &keyed, &cache.outcomes(&keyed), &truth);
        cache.keep(&keyed);
    }
    tally
}

#[test]
fn each_setup_keeps_what_the_replay_says() {
    assert!(engine::builder().is_some(), "PLIMSOLL_BUILDER names a builder that may be emptied");
    let (work, _lock) = story::workshop("setups");
    let mut all = Tally::default();
    for script in &story::scripts(|text| text.lines().any(|line| line == "# setups")) {
        for setup in [CacheSetup::Max, CacheSetup::Min, CacheSetup::Inline] {
            let story = Story::tell(script, &work);
            let engine = Engine::new(&work, &story.name, "");
            let tally = check(&story, &engine, setup);
            tally.print(&format!("{} {}", story.name, setup.name()));
            all.add(tally);
        }
    }
    fs::remove_dir_all(&work).unwrap();
    all.print("all");
    let wrong = all.wrong.join("\n");
    assert!(wrong.is_empty(), "{} of {} wrong:\n{wrong}", all.wrong.len(), all.compared);
}
