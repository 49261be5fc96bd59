//! Two revisions built in turns, so that what the machine does meanwhile happens to both.

use std::collections::BTreeMap;
use std::path::Path;

use plimsoll_measure::engine::{self, BuildRequest, Cancel, Engine};
use plimsoll_measure::history::History;
use plimsoll_model::{
    BuildReport, ComparedService, ComparedStep, ComparedTime, MEASURE_SCHEMA_VERSION,
    MeasureComparison,
};
use plimsoll_oci::{Analysis, Image, Wanted};
use plimsoll_rules::discover::Service;

use super::{Options, chosen, interrupted};
use crate::bench::Bench;
use crate::builds::{Asked, Plan, Watch, plan_in};
use crate::failure::Failure;
use crate::pipeline::{self, Found};
use crate::{signals, ui};

/// Builds the working tree and a revision in turns.
pub(crate) fn compare(
    root: &Path,
    found: &Found,
    revision: &str,
    rounds: u32,
    options: &Options,
) -> Result<MeasureComparison, Failure> {
    let services = chosen(found, &options.services)?;
    let cancel = signals::wish_to_stop()?;
    let engine = engine::find(&options.engine)?;
    if !engine.capabilities().builds || !engine.capabilities().keeps_images {
        return Err(Failure::missing("this engine builds no images that it keeps")
            .hint("compare with a Docker Engine: --engine docker"));
    }
    let history = History::open(root)
        .map_err(|error| Failure::missing(format!("failed to read the history: {error}")))?;
    let commit = history.resolve(revision).and_then(|id| history.commit(id));
    let commit = commit.map_err(|error| Failure::usage(format!("{revision}: {error}")))?;
    let bench = Bench::new()?;
    let earlier = bench.file("before");
    history.check_out(&commit, &earlier).map_err(|error| Failure::io("write", &earlier, &error))?;
    let later = bench.copy(root, "after")?;
    let earlier_found = pipeline::find(&earlier)?;
    let pair = Pair {
        before: Side { root: &earlier, found: &earlier_found, name: "before" },
        after: Side { root: &later, found, name: "after" },
        branch: history.branch(),
        options,
        rounds,
        engine: &*engine,
        cancel: &cancel,
        bench: &bench,
    };
    let compared = services.into_iter().map(|service| pair.service(service));
    Ok(MeasureComparison {
        schema_version: MEASURE_SCHEMA_VERSION,
        against: format!("{revision} ({})", commit.id),
        rounds,
        services: compared
            .collect::<Result<_, Failure>>()
            .map_err(|failure| interrupted(failure, &cancel))?,
    })
}

/// A revision in a folder.
struct Side<'s> {
    root: &'s Path,
    found: &'s Found,
    name: &'static str,
}

struct Pair<'p> {
    before: Side<'p>,
    after: Side<'p>,
    branch: Option<String>,
    options: &'p Options,
    rounds: u32,
    engine: &'p dyn Engine,
    cancel: &'p Cancel,
    bench: &'p Bench,
}

/// The builds of a side.
#[derive(Default)]
struct Runs {
    seconds: Vec<f64>,
    /// Of each step that ran, by its stage and its instruction.
    steps: BTreeMap<(String, String), Vec<f64>>,
    /// The order in which steps were first seen.
    order: Vec<(String, String)>,
}

impl Pair<'_> {
    fn service(&self, service: &Service) -> Result<ComparedService, Failure> {
        let name = service.name.clone();
        let nothing = |why: String| ComparedService {
            service: name.clone(),
            error: Some(why),
            ..ComparedService::default()
        };
        let there = self.before.found.found.services.iter().find(|s| s.name == service.name);
        let Some(there) = there else {
            return Ok(nothing("the revision has no such service".to_owned()));
        };
        let plans = (self.plan(&self.before, there), self.plan(&self.after, service));
        let (before, after) = match plans {
            (Ok(before), Ok(after)) => (before, after),
            (Err(failure), _) | (_, Err(failure)) => return Ok(nothing(failure.what)),
        };
        let done = self.rounds(&name, &before, &after);
        for side in [&self.before, &self.after] {
            // An image left behind harms nobody.
            let _ = self.engine.remove(&self.image(side));
        }
        match done? {
            Ok(compared) => Ok(compared),
            Err(why) => Ok(nothing(why)),
        }
    }

    fn plan(&self, side: &Side<'_>, service: &Service) -> Result<Plan, Failure> {
        let asked = Asked { args: &self.options.build_arg, target: None };
        plan_in(side.root, self.branch.clone(), side.found, service, asked)
    }

    fn image(&self, side: &Side<'_>) -> String {
        format!("plimsoll-measure-{}:{}", self.bench.name, side.name)
    }

    /// Builds in turns; `Err` says which side does not build.
    fn rounds(
        &self,
        service: &str,
        before: &Plan,
        after: &Plan,
    ) -> Result<Result<ComparedService, String>, Failure> {
        let (mut earlier, mut later) = (Runs::default(), Runs::default());
        for round in 1..=self.rounds {
            let mut turns =
                [(&self.before, before, &mut earlier), (&self.after, after, &mut later)];
            // Who goes second finds the machine as the first left it: each does so in turn.
            if round % 2 == 0 {
                turns.reverse();
            }
            for (side, plan, runs) in turns {
                ui::note(format_args!(
                    "{service}: round {round} of {}, {}",
                    self.rounds, side.name
                ));
                let report = self.build(service, side, plan)?;
                if !report.built {
                    let step =
                        report.failed().map_or(String::new(), |s| format!(" at `{}`", s.command));
                    return Ok(Err(format!("the build {} fails{step}", side.name)));
                }
                runs.add(&report);
            }
        }
        Ok(Ok(ComparedService {
            service: service.to_owned(),
            steps: steps(&mut earlier, &mut later),
            build: ComparedTime::of(earlier.seconds, later.seconds),
            image: Some(self.images(service)?),
            error: None,
        }))
    }

    fn build(&self, service: &str, side: &Side<'_>, plan: &Plan) -> Result<BuildReport, Failure> {
        let image = self.image(side);
        // The image of the last round would stay behind without a name.
        let _ = self.engine.remove(&image);
        let request = BuildRequest {
            service,
            target: plan.target.as_deref(),
            args: &plan.args,
            named: &plan.named,
            tag: Some(&image),
            no_cache: true,
            ..BuildRequest::new(&plan.context, &plan.dockerfile)
        };
        let mut watch = Watch::new();
        Ok(self.engine.build(&request, &mut |event| watch.tell(event), self.cancel)?)
    }

    fn images(&self, service: &str) -> Result<plimsoll_model::ImageComparison, Failure> {
        let read = |side: &Side<'_>| -> Result<Image, Failure> {
            let mut stream = self.engine.save(&self.image(side))?;
            Image::stream(&mut stream, &Wanted::default()).map_err(|error| {
                Failure::missing(format!("failed to look into the image of {service}: {error}"))
            })
        };
        let (before, after) = (read(&self.before)?, read(&self.after)?);
        let (before, after) = (Analysis::new(&before), Analysis::new(&after));
        let reports = (after.report("the working tree"), before.report("the revision"));
        Ok(after.against((&reports.0, &reports.1), &before))
    }
}

impl Runs {
    fn add(&mut self, report: &BuildReport) {
        self.seconds.push(report.seconds);
        for step in report.own_steps().filter(|step| !step.cached) {
            let Some(seconds) = step.seconds else { continue };
            let key = (step.stage.clone().unwrap_or_default(), step.command.clone());
            let times = self.steps.entry(key.clone()).or_default();
            if times.is_empty() {
                self.order.push(key);
            }
            times.push(seconds);
        }
    }
}

/// The steps of both sides, those of the later one in their order.
fn steps(before: &mut Runs, after: &mut Runs) -> Vec<ComparedStep> {
    let gone: Vec<_> = before.order.iter().filter(|key| !after.steps.contains_key(key)).collect();
    let all: Vec<_> = after.order.iter().chain(gone).cloned().collect();
    let step = |key: (String, String)| {
        let take = |runs: &mut Runs| runs.steps.remove(&key).unwrap_or_default();
        let (earlier, later) = (take(before), take(after));
        ComparedStep { stage: key.0, command: key.1, time: ComparedTime::of(earlier, later) }
    };
    all.into_iter().map(step).collect()
}
