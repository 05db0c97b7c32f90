import Inputs
import Testing

@testable import CausalModels

struct CausalModelTests {
  private func text(_ value: CausalValue?) -> String { value?.description ?? "none" }

  @Test
  func
    `variables without parents are inputs, those without children outputs, and time follows edges`()
    throws
  {
    let model = try conjunction()
    #expect(model.variables.map(\.name) == ["A", "B", "C"])
    #expect(model.timeSteps == [0, 0, 1])
    #expect(model.inputs == [0, 1] && model.outputs == [2] && model.inner.isEmpty)
    let deep = try equality()
    #expect(deep.variables.map(\.name) == ["W", "X", "Y", "Z", "WX", "YZ", "O"])
    #expect(deep.timeSteps == [0, 0, 0, 0, 1, 1, 2])
    #expect(deep.inner.map { deep.variables[$0].name } == ["WX", "YZ"])
  }

  @Test func `a run takes defaults, gives functions their parents, and leaves what is fixed alone`()
    throws
  {
    let model = try conjunction()
    #expect(try model.forward([:])["C"] == .boolean(true))
    for (a, b) in [(false, false), (false, true), (true, false), (true, true)] {
      let run = try model.forward(["A": .boolean(a), "B": .boolean(b)])
      #expect(run["C"] == .boolean(a && b))
    }
    let fixed = try model.forward(["A": .boolean(false), "B": .boolean(false), "C": .boolean(true)])
    #expect(fixed["C"] == .boolean(true))
  }

  @Test func `an interchange puts the source's value into the base's run`() throws {
    let model = try conjunction()
    let (base, source): ([String: CausalValue], [String: CausalValue]) = (
      ["A": .boolean(true), "B": .boolean(false)], ["A": .boolean(false), "B": .boolean(true)]
    )
    #expect(try model.interchange(base: base, sources: ["B": source])["C"] == .boolean(true))
    #expect(try model.interchange(base: base, sources: ["C": source])["C"] == .boolean(false))
    // A source that is intervened on itself.
    let forced = source.merging(["C": .boolean(true)]) { $1 }
    #expect(try model.interchange(base: base, sources: ["C": forced])["C"] == .boolean(true))
  }

  @Test func `equivalence classes hold every setting of the parents once`() throws {
    let classes = try conjunction().equivalenceClasses(of: "C")
    #expect(classes[.boolean(true)] == [[.boolean(true), .boolean(true)]])
    #expect(classes[.boolean(false)]?.count == 3)
    #expect(
      try equality().equivalenceClasses(of: "WX").mapValues(\.count).values.sorted() == [5, 20])
    expectRefusal(naming: "A", "an input") { try conjunction().equivalenceClasses(of: "A") }
  }

  @Test func `live paths are those along which a change arrives`() throws {
    let model = try conjunction()
    let on = try model.livePaths(["A": .boolean(true), "B": .boolean(true)])
    #expect(on == [2: [["A", "C"], ["B", "C"]]])
    // Where A is false, no change of B arrives.
    #expect(try model.livePaths(["A": .boolean(false), "B": .boolean(true)]) == [2: [["A", "C"]]])
    let deep = try equality()
    let alike = Dictionary(
      uniqueKeysWithValues: ["W", "X", "Y", "Z"].map { ($0, CausalValue.text("p")) })
    let paths = try deep.livePaths(alike)
    #expect(paths[3]?.contains(["W", "WX", "O"]) == true && paths.keys.max() == 3)
    #expect(try deep.hasLivePath(from: "W", to: "O", in: alike))
    let cut = alike.merging(["WX": .boolean(true)]) { $1 }
    #expect(try !deep.hasLivePath(from: "W", to: "O", in: cut))
    #expect(try deep.hasLongestPath(of: [3], in: alike) && !deep.hasLongestPath(of: [2], in: alike))
  }

  @Test func `models that cannot be run are refused by variable and field`() throws {
    func model(_ variables: [CausalVariable]) throws -> CausalModel { try CausalModel(variables) }
    let a = CausalVariable("A", flags)
    expectRefusal(naming: "parents", "cycle", "C -> B -> C") {
      try model([
        a, CausalVariable("B", flags, formula: "C and A"), CausalVariable("C", flags, formula: "B"),
      ])
    }
    expectRefusal(naming: "parents", "cycle A -> A") {
      try model([CausalVariable("A", flags, formula: "A")])
    }
    expectRefusal(naming: "B.parents", "\"Aa\"", "one of A, B") {
      try model([a, CausalVariable("B", flags, formula: "Aa")])
    }
    expectRefusal(naming: "B.function", "no function of A") {
      try model([a, CausalVariable("B", flags, parents: ["A"])])
    }
    expectRefusal(naming: "B.values", "no values of an input") { try model([CausalVariable("B")]) }
    expectRefusal(naming: "A: ", "twice") { try model([a, a]) }
    expectRefusal(naming: "B.time_step", "0", "after that of its parent A") {
      var late = try CausalVariable("B", flags, formula: "A")
      late.timeStep = 0
      return try model([a, late])
    }
    expectRefusal(naming: "B: ", "the number 1", "true, false") {
      try model([a, CausalVariable("B", flags, formula: "if(A, 1, 2)")])
    }
    expectRefusal(naming: "B.function", "division by zero", "A = 0") {
      try model([
        CausalVariable("A", .finite([.number(0)])), CausalVariable("B", formula: "1 / A"),
      ])
    }
    expectRefusal(naming: "A: ", "no value of an input") { try CausalModel([a]).forward([:]) }
    expectRefusal(naming: "A: ", "the number 3") { try CausalModel([a]).forward(["A": .number(3)]) }
    expectRefusal(naming: "Q: ", "no such variable") {
      try conjunction().forward(["Q": .number(3)])
    }
    expectRefusal(naming: "A.values", "twice") {
      try model([CausalVariable("A", .finite([.number(1), .number(1)]))])
    }
  }

  @Test func `a long chain is put together and run without recursion`() throws {
    var variables = [CausalVariable("v0", flags)]
    for i in 1..<5000 {
      variables.append(try CausalVariable("v\(i)", flags, formula: "not v\(i - 1)"))
    }
    let model = try CausalModel(variables)
    #expect(try model.forward(["v0": .boolean(true)])["v4999"] == .boolean(false))
  }
}
