/// A piece of an experiment that runs on one compute thread, numbered by the plan.
public struct WorkUnit: Sendable, Equatable {
  public let number: Int
  /// What it costs relative to the other units, in any unit of work; finite and not negative.
  public let cost: Double
  /// Units of one group share what is made once on a rank and kept; lower groups go first.
  public let group: Int

  public init(number: Int, cost: Double, group: Int = 0) {
    precondition(cost.isFinite && cost >= 0, "unit \(number) costs \(cost)")
    self.number = number
    self.cost = cost
    self.group = group
  }
}

/// A unit that is done.
public struct UnitResult: Sendable, Equatable {
  public let unit: Int
  public let bytes: [UInt8]
  public let rank: Int
  public let host: String
  /// How long it was computed, in seconds.
  public let seconds: Double
}

/// A unit whose computation threw an error.
public struct UnitFailure: Sendable, Equatable {
  public let unit: Int
  public let message: String
  public let rank: Int
  public let host: String
}
