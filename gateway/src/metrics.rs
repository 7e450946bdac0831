//! The gateway's figures for Prometheus. No label takes its value from a request, so that no
//! client can make them grow.

use std::time::Instant;

use http::StatusCode;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// All figures.
pub struct Metrics {
    registry: Registry,
    requests: Family<Answer, Counter>,
    duration: Histogram,
    in_flight: Gauge,
    notifications: NotifyFigures,
    policy_problems: Gauge,
    tunnels: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    code: u16,
}

/// What became of a notification, or of one attempt to deliver it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notified {
    /// It was delivered.
    Delivered,
    /// An attempt failed.
    Failed,
    /// It was given up.
    Dead,
}

/// A target is one of the configuration, so there are few.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ToTarget {
    target: String,
    outcome: &'static str,
}

/// Counts notifications.
#[derive(Clone, Default)]
pub struct NotifyFigures(Family<ToTarget, Counter>);

impl NotifyFigures {
    /// Counts one.
    pub fn count(&self, target: &str, outcome: Notified) {
        let outcome = match outcome {
            Notified::Dead => "dead",
            Notified::Delivered => "delivered",
            Notified::Failed => "failed",
        };
        self.0.get_or_create(&ToTarget { target: target.to_owned(), outcome }).inc();
    }
}

/// Measures one request.
pub struct Timer<'a> {
    metrics: &'a Metrics,
    begun: Instant,
}

/// Counts a tunnel for as long as it is open.
pub struct OpenTunnel(Gauge);

impl Metrics {
    /// Figures at zero.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("kguard");
        let requests = Family::default();
        let duration = Histogram::new(exponential_buckets(0.0005, 2.0, 16));
        let (in_flight, tunnels) = (Gauge::default(), Gauge::default());
        let policy_problems = Gauge::default();
        let notifications = NotifyFigures::default();
        registry.register(
            "notifications",
            "Notifications delivered and given up, and attempts that failed",
            Family::clone(&notifications.0),
        );
        registry.register(
            "requests",
            "Requests by the status that they were answered with",
            Family::clone(&requests),
        );
        registry.register(
            "request_duration_seconds",
            "Time to the head of the answer, holds included",
            duration.clone(),
        );
        registry.register(
            "requests_in_flight",
            "Requests without an answer yet",
            in_flight.clone(),
        );
        registry.register(
            "policy_problems",
            "What is wrong with the policy folder, while the last good set is in force",
            policy_problems.clone(),
        );
        registry.register("tunnels", "Open tunnels", tunnels.clone());
        Self { registry, requests, duration, in_flight, notifications, policy_problems, tunnels }
    }

    /// The figures of notifications.
    pub fn notifications(&self) -> NotifyFigures {
        self.notifications.clone()
    }

    /// Begins to measure a request.
    pub fn request(&self) -> Timer<'_> {
        self.in_flight.inc();
        Timer { metrics: self, begun: Instant::now() }
    }

    /// Counts a tunnel.
    pub fn tunnel(&self) -> OpenTunnel {
        self.tunnels.inc();
        OpenTunnel(self.tunnels.clone())
    }

    /// The figures in the OpenMetrics text format, with how much is wrong with the policy folder.
    pub fn text(&self, policy_problems: usize) -> String {
        self.policy_problems.set(i64::try_from(policy_problems).unwrap_or(i64::MAX));
        let mut text = String::new();
        // Writing to a String does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Timer<'_> {
    /// The head of the answer is there.
    pub fn answered(self, status: StatusCode) {
        self.metrics.duration.observe(self.begun.elapsed().as_secs_f64());
        self.metrics.requests.get_or_create(&Answer { code: status.as_u16() }).inc();
    }
}

impl Drop for Timer<'_> {
    fn drop(&mut self) {
        self.metrics.in_flight.dec();
    }
}

impl Drop for OpenTunnel {
    fn drop(&mut self) {
        self.0.dec();
    }
}
