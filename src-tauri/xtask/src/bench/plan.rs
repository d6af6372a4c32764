//! What is measured.

/// All of it.
pub(super) struct Plan {
    /// Rounds of each measurement.
    pub(super) rounds: usize,
    /// How long a round takes.
    pub(super) seconds: u32,
    /// Calls a second of [`Task::Paced`] and [`Task::PacedAmidChanges`].
    pub(super) pace: u32,
    /// Keys a second that are made in [`Task::PacedAmidChanges`].
    pub(super) made: u32,
    /// Whether the figures count: contestants run one after the other, and rounds that others disturbed are thrown away.
    pub(super) strict: bool,
    /// Under which circumstances.
    pub(super) scenes: Vec<Scene>,
}

/// Circumstances, and what is measured under them.
pub(super) struct Scene {
    /// Keys that every contestant knows.
    pub(super) keys: usize,
    /// Whether contestant, load and upstream share two cores; else the contestant has one to itself.
    pub(super) shared: bool,
    /// In turn.
    pub(super) tasks: &'static [Task],
    /// Keys that are revoked after that, while they are in use.
    pub(super) races: usize,
}

/// What a contestant is called with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    /// Known keys over one connection.
    Alone,
    /// Known keys over 64 connections.
    Known,
    /// Unknown keys over 64 connections.
    Unknown,
    /// Known keys, so many times a second, whatever becomes of the answers.
    Paced,
    /// The same while keys are made, by those where that is possible without a restart.
    PacedAmidChanges,
}

/// Connections of all but [`Task::Alone`].
pub(super) const CONNECTIONS: u32 = 64;

const ALL: &[Task] = &[
    Task::Known,
    Task::Alone,
    Task::Paced,
    Task::PacedAmidChanges,
    Task::Unknown,
];

impl Task {
    /// At the head of its rows.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Alone => "known, 1 connection",
            Self::Known => "known, 64 connections",
            Self::Unknown => "unknown, 64 connections",
            Self::Paced => "known, at a pace",
            Self::PacedAmidChanges => "known, at a pace, while keys are made",
        }
    }

    /// Whether its calls keep their pace.
    pub(super) fn is_paced(self) -> bool {
        matches!(self, Self::Paced | Self::PacedAmidChanges)
    }
}

impl Plan {
    /// All of it, in release builds: figures that count.
    pub(super) fn full(rounds: u8, seconds: u8) -> Self {
        Self {
            rounds: rounds.into(),
            seconds: seconds.into(),
            pace: 2_000,
            made: 100,
            strict: true,
            scenes: scenes(10_000, 1_000_000, 1_000),
        }
    }

    /// Everything, but little of it.
    pub(super) fn short() -> Self {
        Self {
            rounds: 1,
            seconds: 1,
            // Debug builds keep up with it on a busy machine.
            pace: 100,
            made: 10,
            strict: false,
            scenes: scenes(100, 1_000, 10),
        }
    }
}

fn scenes(few: usize, many: usize, races: usize) -> Vec<Scene> {
    let scene = |keys, shared, tasks, races| Scene {
        keys,
        shared,
        tasks,
        races,
    };
    vec![
        scene(few, false, ALL, 0),
        scene(few, true, &[Task::Known], 0),
        scene(many, false, ALL, races),
    ]
}
