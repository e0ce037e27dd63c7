//! What the timeline says where a sequence is begun with care, stopped, or undone.

/// An enrolment was undone.
pub fn undone(sequence: &str, left: u32) -> String {
    match left {
        0 => format!("What had begun in {sequence} was undone before a message of it left"),
        1 => format!("What had begun in {sequence} was undone; one message had left before"),
        left => format!("What had begun in {sequence} was undone; {left} messages had left before"),
    }
}
