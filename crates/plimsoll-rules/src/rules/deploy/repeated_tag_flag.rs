//! Tags of `gcloud builds submit` of which all but the last are forgotten.

use plimsoll_model::{Level, Section};

use crate::discover::gcloud::GCLOUD;
use crate::repo::Workflow;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::deploy_job::texts;

pub(crate) static RULE: Rule = Rule {
    name: "deploy/repeated-tag-flag",
    section: Section::Deploy,
    level: Level::ShouldFix,
    assures: "every tag given to `gcloud builds submit` is pushed",
    aliases: &[],
    page: include_str!("repeated_tag_flag.md"),
    check: Check::Workflow(check),
};

const TAG: [&str; 2] = ["--tag", "-t"];

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    for step in workflow.jobs.iter().flat_map(|j| &j.steps) {
        for text in texts(review, step) {
            for call in text.calls().filter(|c| c.program == "gcloud") {
                let args = call.parse(GCLOUD);
                let words = args.positional.iter().filter_map(|w| w.text());
                let mut words = words.skip_while(|w| matches!(*w, "alpha" | "beta"));
                if (words.next(), words.next()) != (Some("builds"), Some("submit")) {
                    continue;
                }
                let tags: Vec<_> = args.all(&TAG).collect();
                match tags.as_slice() {
                    [first, .., last] => {
                        out.finding(
                            &text.place(first.span),
                            "`gcloud builds submit` takes one tag, and this is not the last",
                        )
                        .label("forgotten")
                        .related(&text.place(last.span), "the only one that is pushed")
                        .consequence("no image has the first tag: what deploys it fails, or finds an older image")
                        .remedy("give one `--tag`, and add the other with `gcloud artifacts docker tags add`");
                    }
                    [] => {}
                    [_] => out.examined(),
                }
            }
        }
    }
}
