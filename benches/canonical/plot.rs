//! Plots as small SVG files; their texts are drawn by whoever shows them, so that no font is needed here.

use std::path::{Path, PathBuf};

use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::coord::types::RangedCoordf64;
use plotters::coord::{Shift, ranged1d::Ranged};
use plotters::prelude::*;

use super::figures::{Figures, Series, Slope};
use crate::Result;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

const COLOURS: [RGBColor; 8] = [
    RGBColor(31, 119, 180),
    RGBColor(214, 39, 40),
    RGBColor(44, 160, 44),
    RGBColor(148, 103, 189),
    RGBColor(255, 127, 14),
    RGBColor(23, 140, 160),
    RGBColor(140, 86, 75),
    RGBColor(90, 90, 90),
];

/// What a soak shows, with the title of each panel.
const PANELS: [(&str, &str); 6] = [
    ("per_second", "requests per second"),
    ("p99_ms", "p99 latency, ms"),
    ("resident_mb", "resident memory, MB"),
    ("descriptors", "open descriptors"),
    ("disk_mb", "data directory, MB"),
    ("timer_late_ms", "timer lateness, mean, ms"),
];

/// Draws what there is; each file with what it shows.
pub fn all(figures: &Figures, name: &str, folder: &Path) -> Result<Vec<(PathBuf, String)>> {
    let mut files = Vec::new();
    let mut draw = |what: &str, title: &str, draw: &dyn Fn(&Path) -> Result<()>| -> Result<()> {
        let file = PathBuf::from(format!("{name}-{what}.svg"));
        draw(&folder.join(&file))?;
        files.push((file, format!("{name}: {title}")));
        Ok(())
    };
    if !figures.latencies.is_empty() {
        draw("latency", "latencies by share of the requests", &|file| {
            percentiles(file, &figures.latencies, "latency, ms", "share of the requests, %")
        })?;
    }
    if !figures.lateness.is_empty() {
        draw("lateness", "how late timers were", &|file| {
            percentiles(file, &figures.lateness, "late by, ms", "share of the timers, %")
        })?;
    }
    if !figures.drains.is_empty() {
        draw("drain", "timers fired over time", &|file| drain(file, &figures.drains))?;
    }
    if !figures.over_time.is_empty() {
        draw("over-time", "the server over time", &|file| over_time(file, figures))?;
    }
    Ok(files)
}

/// Latencies on a scale on which every nine takes the same room.
fn percentiles(file: &Path, series: &[Series], y: &str, x: &str) -> Result<()> {
    let nines = |share: f64| -(1.0 - share / 100.0).log10();
    let lines: Vec<_> = series
        .iter()
        .map(|series| {
            let points = series.points.iter().filter(|(share, _)| *share < 100.0);
            let points = points.map(|(share, ms)| (nines(*share), ms.max(0.01))).collect();
            Series { name: series.name.clone(), points }
        })
        .collect();
    let all = || lines.iter().flat_map(|line| &line.points).map(|(_, ms)| *ms);
    let (low, high) = (all().fold(f64::MAX, f64::min), all().fold(0.01, f64::max));
    let area = SVGBackend::new(file, (900, 460)).into_drawing_area();
    area.fill(&WHITE)?;
    let heights =
        (10_f64.powf(low.log10().floor())..10_f64.powf(high.log10().ceil().max(low.log10().floor() + 1.0))).log_scale();
    let share = |nines: &f64| match nines.round() as i32 {
        0 => "0".to_owned(),
        nines => format!("{:.*}", (nines - 2).max(0) as usize, 100.0 - 100.0 / 10_f64.powi(nines)),
    };
    chart(&area, (0.0..4.05, heights), (x, y), &lines, 5, &share)?;
    area.present()?;
    Ok(())
}

fn drain(file: &Path, series: &[Series]) -> Result<()> {
    let area = SVGBackend::new(file, (900, 400)).into_drawing_area();
    area.fill(&WHITE)?;
    chart(
        &area,
        (extent(series, |point| point.0), extent(series, |point| point.1)),
        ("seconds", "timers fired"),
        series,
        10,
        &short,
    )?;
    area.present()?;
    Ok(())
}

/// A panel for each figure, with the line that was fitted.
fn over_time(file: &Path, figures: &Figures) -> Result<()> {
    let area = SVGBackend::new(file, (1000, 900)).into_drawing_area();
    area.fill(&WHITE)?;
    for (panel, (name, title)) in area.split_evenly((3, 2)).iter().zip(PANELS) {
        let Some(points) = figures.over_time.get(name) else { continue };
        let minutes: Vec<_> = points.iter().map(|(at, value)| (at / 60.0, *value)).collect();
        let mut series = vec![Series { name: title.to_owned(), points: minutes }];
        let last = points.last().map_or(0.0, |point| point.0);
        if let Some(Slope { from_seconds, start, rise }) = figures.slopes.get(name) {
            let end = start + rise * (last - from_seconds) / 3_600.0;
            let points = vec![(from_seconds / 60.0, *start), (last / 60.0, end)];
            series.push(Series { name: format!("{rise:+.1} per hour"), points });
        }
        // Room for the names above the lines.
        let heights = extent(&series, |point| point.1);
        let ranges = (extent(&series, |point| point.0), 0.0..heights.end * 1.4);
        chart(panel, ranges, ("minutes", ""), &series, 6, &short)?;
    }
    area.present()?;
    Ok(())
}

/// From 0 to a bit more than the largest.
fn extent(series: &[Series], of: impl Fn(&(f64, f64)) -> f64) -> std::ops::Range<f64> {
    let highest = series.iter().flat_map(|series| &series.points).map(of).fold(0.0, f64::max);
    0.0..if highest > 0.0 { highest * 1.08 } else { 1.0 }
}

/// A number without zeros that say nothing.
fn short(number: &f64) -> String {
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Axes, lines and what each is.
fn chart<Y>(
    area: &Area<'_>,
    (xs, ys): (std::ops::Range<f64>, Y),
    (x, y): (&str, &str),
    series: &[Series],
    labels: usize,
    label: &dyn Fn(&f64) -> String,
) -> Result<()>
where
    Y: AsRangedCoord<Value = f64>,
    Y::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let mut chart = ChartBuilder::on(area);
    let chart = chart.margin(14).x_label_area_size(44).y_label_area_size(64);
    let mut chart: ChartContext<'_, SVGBackend<'_>, Cartesian2d<RangedCoordf64, Y::CoordDescType>> =
        chart.build_cartesian_2d(xs, ys)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(RGBColor(225, 225, 225))
        .x_desc(x)
        .y_desc(y)
        .x_labels(labels)
        .x_label_formatter(&label)
        .y_label_formatter(&short)
        .label_style(("sans-serif", 13))
        .draw()?;
    for (series, colour) in series.iter().zip(COLOURS.iter().cycle()) {
        let line = LineSeries::new(series.points.iter().copied(), colour.stroke_width(2));
        let colour = *colour;
        chart
            .draw_series(line)?
            .label(series.name.clone())
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(if y.is_empty() { SeriesLabelPosition::UpperLeft } else { SeriesLabelPosition::LowerRight })
        .background_style(WHITE.mix(0.85))
        .label_font(("sans-serif", 13))
        .draw()?;
    Ok(())
}
