import Testing

/// Tests that run the tool itself. One after another: each may start as many ranks as there are
/// cores, and some watch the clock.
@Suite(.serialized)
enum EndToEnd {}
