internal import Models
internal import Tensors

extension InterventionCall {
  /// The same call with every example so many times, one after another.
  func repeated(_ times: Int) -> InterventionCall {
    func each<T>(_ list: [T]) -> [T] { list.flatMap { Array(repeating: $0, count: times) } }
    func inputs(_ inputs: ModelInputs<Scalar>) -> ModelInputs<Scalar> {
      switch inputs {
      case .tokens(let tokens): .tokens(each(tokens))
      case .embeddings(let embeddings): .embeddings(each(embeddings))
      case .images(let images): .images(each(images))
      }
    }
    func choice(_ choice: UnitPlaces.Choice) -> UnitPlaces.Choice {
      guard case .each(let lists) = choice else { return choice }
      return .each(each(lists))
    }
    func units(_ places: UnitPlaces) -> UnitPlaces {
      UnitPlaces(blocks: choice(places.blocks), positions: choice(places.positions))
    }
    let examples = base.lengths.count
    func given(_ given: Given) -> Given {
      let value = given.value
      // One vector goes to every unit as it is.
      guard let first = value.shape.first, first == examples, value.shape.last != value.count
      else { return given }
      let rows = value.reshaped([first, value.count / first])
      return Given(
        rows.gathered(each(Array(0..<first))).reshaped([first * times] + value.shape.dropFirst()),
        repeatsOverExamples: given.repeatsOverExamples)
    }
    return InterventionCall(
      base: inputs(base), sources: sources.map { $0.map(inputs) },
      places: places.map { one in
        var coordinates = one.coordinates
        if case .perVector(let lists) = coordinates { coordinates = .perVector(each(lists)) }
        var repeated = Places(
          source: one.source.map(units), base: units(one.base), coordinates: coordinates,
          given: one.given.map(given))
        repeated.numbers = one.numbers
        return repeated
      })
  }
}
