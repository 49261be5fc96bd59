//! Looks into the image that was built, and finds the Dockerfile's line of each layer.

use std::collections::BTreeSet;

use plimsoll_graph::lower;
use plimsoll_measure::image::align_config;
use plimsoll_model::ImageReport;
use plimsoll_oci::{Analysis, Image, Wanted};
use plimsoll_rules::discover::Service;
use plimsoll_syntax::dockerfile::Inputs;

use super::{Bearings, able, builds};
use crate::builds::Plan;
use crate::failure::Failure;

/// What the image of a service holds; nothing where the engine gives none.
pub(super) fn look(
    bearings: &Bearings<'_>,
    service: &Service,
    plan: &Plan,
    image: &str,
) -> Result<Option<ImageReport>, Failure> {
    let failed = |error: plimsoll_oci::Error| {
        Failure::missing(format!("failed to look into the image of {}: {error}", service.name))
    };
    let read = match builds::archive(bearings, image) {
        Some(archive) => Image::open(&archive, &Wanted::default()),
        None => {
            let Some(mut stream) = able(bearings.engine.save(image))? else { return Ok(None) };
            Image::stream(&mut stream, &Wanted::default())
        }
    };
    let read = read.map_err(failed)?;
    let mut report = Analysis::new(&read).report(&service.name);
    name_lines(&mut report, &read, bearings, plan);
    Ok(Some(report))
}

/// Says of each layer which line of the Dockerfile made it, where the image's history tells.
fn name_lines(report: &mut ImageReport, image: &Image, bearings: &Bearings<'_>, plan: &Plan) {
    let text = bearings.work.found.sources.text(&plan.path).unwrap_or_default();
    let inputs = Inputs {
        build_args: plan.args.iter().cloned().collect(),
        target: plan.target.clone(),
        ..Inputs::default()
    };
    let named: BTreeSet<String> = plan.named.iter().map(|(name, _)| name.clone()).collect();
    let Ok(graph) = lower(text, &inputs, &named) else { return };
    let Ok(spans) = align_config(&image.config, image.layers.len(), &graph) else { return };
    for (step, span) in spans {
        let Some(step) = graph.steps.get(step) else { continue };
        for layer in report.layers.iter_mut().take(span.with).skip(span.below) {
            layer.line = Some(step.label.line);
        }
    }
}
