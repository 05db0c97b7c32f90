import Testing

/// All tests that start ranks, one after the other: they share two cores.
@Suite(.serialized, .timeLimit(.minutes(5)))
enum MultiRankTests {}
