import Inputs
import Interventions
import Testing
import _TestSupport

@testable import Experiments

struct AskedPositionsTests {
  private let input = ReportedInput(ids: [7, 4, 9, 4, 2])

  @Test func `nothing said, it is the mask's places where there is a mask, otherwise the last`()
    throws
  {
    #expect(try AskedPositions(nil, mask: 4)(input) == [1, 3])
    #expect(try AskedPositions(nil, mask: 5)(input) == [4])
    #expect(try AskedPositions(nil, mask: nil)(input) == [4])
  }

  @Test(arguments: [
    ("2", [2]), ("-1", [4]), ("last", [4]), ("last_but_one", [3]), ("all", [0, 1, 2, 3, 4]),
    ("1:3", [1, 2]), ("-2:", [3, 4]), ("3,0,-1", [0, 3, 4]), ("last,1:3", [1, 2, 4]),
  ])
  func `positions are named as jobs name them`(text: String, expected: [Int]) throws {
    #expect(try AskedPositions(text, mask: 4)(input) == expected)
  }

  @Test(arguments: ["5", "-6", "subject", "", "1,", "x", "1,1"])
  func `what is no position of the prompt is refused by the option's name`(text: String) throws {
    expectRefusal(naming: "--at", kind: .commandLine) { () throws(Refusal) in
      try AskedPositions(text, mask: nil)(input)
    }
  }
}

extension ReportedInput {
  fileprivate init(ids: [Int]) {
    self.init(name: "base", example: 0, ids: ids, shape: "", count: ids.count, touched: [])
  }
}
