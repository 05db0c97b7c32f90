/// A piece of an experiment that runs on one compute thread, numbered by the plan.
public struct WorkUnit: Sendable, Equatable {
  /// The plan's number of it, any integer.
  public let number: Int
  /// What it costs relative to the other units, in any unit of work; finite and not negative.
  public let cost: Double
  /// Units of one group share what is made once on a rank and kept; lower groups go first.
  public let group: Int

  /// Traps on a cost that is not finite or is negative.
  public init(number: Int, cost: Double, group: Int = 0) {
    precondition(cost.isFinite && cost >= 0, "unit \(number) costs \(cost)")
    self.number = number
    self.cost = cost
    self.group = group
  }
}

/// A unit that is done.
public struct UnitResult: Sendable, Equatable {
  /// The number of the unit.
  public let unit: Int
  /// What `compute` returned.
  public let bytes: [UInt8]
  /// The rank that computed it.
  public let rank: Int
  /// That rank's host.
  public let host: String
  /// How long it was computed, in seconds.
  public let seconds: Double
}

/// A unit that was given up: its computation threw an error, or cost its rank's life too often.
public struct UnitFailure: Sendable, Equatable {
  /// The number of the unit.
  public let unit: Int
  /// The error, in words.
  public let message: String
  /// The rank that gave it up.
  public let rank: Int
  /// That rank's host.
  public let host: String

  public init(unit: Int, message: String, rank: Int, host: String) {
    (self.unit, self.message, self.rank, self.host) = (unit, message, rank, host)
  }
}
