public import Inputs
internal import Randomness

/// What an intervention of a causal model's data takes from where, and what comes of it.
public struct CausalCounterfactual: Sendable, Equatable {
  /// The base's run, every variable's value in the order of the model's variables.
  public let base: [CausalValue]
  /// The variables that the intervention sets, by place in the model, in the order of time.
  public let variables: [Int]
  /// The run of each of those variables' sources.
  public let sources: [[CausalValue]]
  /// The base's run with the intervention.
  public let result: [CausalValue]
}

/// Data of a causal model: example `i` depends on the seed, the name and `i` alone.
public struct CausalSampling: Sendable {
  /// How inputs are drawn.
  public enum Draw: String, CaseIterable, Sendable {
    /// Outputs' values first, each as often, then inputs that lead to them.
    case balanced
    /// Every input by itself.
    case uniform
  }

  /// How a source is drawn that is to give a variable some value.
  public enum SourceDraw: String, CaseIterable, Sendable {
    /// From the value back to inputs that lead to it; those that do not bear on it by themselves.
    case byValue = "by_value"
    /// As a base is, again until its variable has the value: sources are like the inputs that the
    /// model knows in all that the value leaves open.
    case likeBases = "like_bases"
  }

  /// Which of the variables an example intervenes on.
  public enum Choice: String, CaseIterable, Sendable {
    /// Each with probability ½, one at least.
    case any
    /// One of them.
    case one
    /// All of them.
    case all
  }

  /// Keeps a setting, or has it drawn again.
  public typealias Filter =
    @Sendable (_ model: CausalModel, _ setting: [String: CausalValue]) throws(Refusal) -> Bool

  /// Where the data come from.
  public let model: CausalModel
  /// The variables that interventions may set, by place in the model, in the order of time.
  public let intervened: [Int]
  private let draw: Draw
  private let sources: SourceDraw
  private let choice: Choice
  private let shared: [Int]
  private let filter: Filter?
  private let philox: Philox

  /// - Parameters:
  ///   - seed: Of every draw.
  ///   - name: Of the set, such as `train`: sets of other names have other examples.
  ///   - intervene: Names of variables; nil stands for all inner ones.
  ///   - shared: Inputs that a source has from its base.
  ///   - filter: Of bases and sources.
  /// - Throws: A name that is no variable, or `shared` one that is no input.
  public init(
    _ model: CausalModel, seed: UInt64, name: String, draw: Draw = .balanced,
    sources: SourceDraw = .byValue, intervene: [String]? = nil, choice: Choice = .any,
    shared: [String] = [],
    filter: Filter? = nil
  ) throws(Refusal) {
    (self.model, self.draw, self.sources) = (model, draw, sources)
    (self.choice, self.filter) = (choice, filter)
    philox = Philox(seed: seed, name: name)
    var places: [Int] = []
    for name in intervene ?? [] { places.append(try Self.place(name, "intervene", model)) }
    guard Set(places).count == places.count else {
      throw Refusal(
        .job, field: "intervene", found: "a variable twice", expected: "each variable once")
    }
    intervened = intervene == nil ? model.inner : places.sorted()
    var inputs: [Int] = []
    for name in shared {
      let place = try Self.place(name, "shared", model)
      guard model.parents[place].isEmpty else {
        throw Refusal(
          .job, field: "shared", found: "\(quoted(name)), which follows from its parents",
          expected:
            "inputs: \(model.inputs.map { escaped(model.variables[$0].name) }.joined(separator: ", "))"
        )
      }
      inputs.append(place)
    }
    self.shared = inputs
  }

  private static func place(
    _ name: String, _ field: String, _ model: CausalModel
  ) throws(Refusal) -> Int {
    do throws(Refusal) {
      return try model.place(of: name)
    } catch {
      throw Refusal(
        .job, field: field, found: "the unknown variable \(quoted(name))",
        expected: error.expected)
    }
  }

  /// A run without interventions, every variable's value in the order of the model's variables.
  public func factual(_ number: Int) throws(Refusal) -> [CausalValue] {
    var random = stream(number)
    guard let setting = try setting(nil, using: &random) else { throw noSetting }
    return setting
  }

  /// A base, an intervention on it, and the sources that give the intervened variables' values.
  ///
  /// Each such variable's value is drawn first, where it has a list of values, then a source with
  /// that value.
  /// - Throws: Where there is nothing to intervene on, or no source is found.
  public func counterfactual(_ number: Int) throws(Refusal) -> CausalCounterfactual {
    guard !intervened.isEmpty else {
      throw Refusal(
        .job, field: "intervene", found: "no variable to intervene on",
        expected: "one at least, such as an inner variable of the causal model")
    }
    var random = stream(number)
    guard let base = try setting(nil, using: &random) else { throw noSetting }
    let variables = choose(using: &random)
    var sources: [[CausalValue]] = []
    var given = [CausalValue?](repeating: nil, count: base.count)
    for input in model.inputs { given[input] = base[input] }
    for variable in variables {
      let source = try source(of: variable, base, using: &random)
      given[variable] = source[variable]
      sources.append(source)
    }
    return CausalCounterfactual(
      base: base, variables: variables, sources: sources, result: try model.run(given))
  }

  private func stream(_ number: Int) -> PhiloxStream {
    philox.stream(UInt64(bitPattern: Int64(number)))
  }

  private func choose(using random: inout PhiloxStream) -> [Int] {
    switch choice {
    case .all: return intervened
    case .one: return [intervened[random.below(intervened.count)]]
    case .any:
      while true {
        let chosen = intervened.filter { _ in random.below(2) == 0 }
        if !chosen.isEmpty { return chosen }
      }
    }
  }

  private var noSetting: Refusal {
    Refusal(
      .job, field: "causal_model",
      found: "no setting that is kept in \(CausalSampler.attemptLimit) draws",
      expected: "conditions that settings fulfil now and then")
  }

  /// A setting with the goal's value, and the shared inputs of a base where there is one.
  private func setting(
    _ goal: (variable: Int, value: CausalValue)?, of base: [CausalValue]? = nil,
    attempts: Int = CausalSampler.attemptLimit, using random: inout PhiloxStream
  ) throws(Refusal) -> [CausalValue]? {
    let sampler = CausalSampler(model: model)
    let aim = sources == .likeBases ? nil : goal
    for _ in 0..<attempts {
      guard var values = try sampler.attempt(draw, aim, using: &random) else { continue }
      if let goal, values[goal.variable] != goal.value { continue }
      if let base, !shared.isEmpty {
        var given = [CausalValue?](repeating: nil, count: base.count)
        for input in model.inputs { given[input] = values[input] }
        for input in shared { given[input] = base[input] }
        values = try model.run(given)
        if let goal, values[goal.variable] != goal.value { continue }
        guard try model.allows(values) else { continue }
      }
      guard let filter else { return values }
      if try filter(model, model.named(values)) { return values }
    }
    return nil
  }

  /// A source of a variable: its value is drawn first, another one where no source has it.
  private func source(
    of variable: Int, _ base: [CausalValue], using random: inout PhiloxStream
  ) throws(Refusal) -> [CausalValue] {
    for _ in 0..<10 {
      let goal = model.values[variable].map { (variable, $0[random.below($0.count)]) }
      let attempts = CausalSampler.attemptLimit / 10
      if let source = try setting(goal, of: base, attempts: attempts, using: &random) {
        return source
      }
    }
    throw Refusal(
      .job, field: "causal_model",
      found: "no source for \(quoted(model.variables[variable].name)) in "
        + "\(CausalSampler.attemptLimit) draws",
      expected: "fewer shared inputs, or conditions that settings fulfil now and then")
  }
}
