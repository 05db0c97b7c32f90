import Inputs
import Testing

@testable import CausalModels

struct CausalFormulaTests {
  private let values: [String: CausalValue] = [
    "x": .number(7), "y": .number(-2), "t": .boolean(true), "name": .text("Mary"),
    "list": .list([.number(1), .number(2), .number(2)]),
  ]

  private func value(_ formula: String) throws -> CausalValue {
    try CausalFormulaParser.parse(formula).value(values)
  }

  @Test(arguments: [
    ("1 + 2 * 3 - 4", "3"), ("(1 + 2) * 3", "9"), ("x // 2", "3"), ("-7 // 2", "-4"),
    ("-7 % 3", "2"), ("7 % -3", "-2"), ("x / 2", "3.5"), ("2 - 3 - 4", "-5"), ("- -x", "7"),
    ("x > y and y < 0", "true"), ("not t or x >= 7", "true"), ("x != 7", "false"),
    ("t and false or true", "true"), ("name == \"Mary\"", "true"),
    ("name in ['John', 'Mary']", "true"),
    ("if(t, name, x)", "Mary"), ("min(x, y, 3)", "-2"), ("max(list)", "2"), ("abs(y)", "2"),
    ("floor(2.9)", "2"), ("round(2.345, 1)", "2.3"), ("round(2.5)", "2"), ("length(list)", "3"),
    ("count(list, 2)", "2"), ("list[2] + [10, 20][1]", "22"), ("list == [1, 2, 2]", "true"),
    ("if(false, 1 / 0, 5)", "5"), ("false and 1 / 0 == 1", "false"), ("1e3 + .5e0 * 0", "column"),
  ])
  func `a formula is worked out as it is written`(formula: String, expected: String) throws {
    if expected == "column" {
      expectRefusal(naming: "formula, column 7") { try value(formula) }
    } else {
      #expect(try value(formula).description == expected)
    }
  }

  @Test func `formulas that mean nothing are refused with their place`() {
    expectRefusal(naming: "the end", "a value") { try value("1 +") }
    expectRefusal(naming: "column 3", "the number 2", "operator") { try value("1 2") }
    expectRefusal(naming: "\"wrong\"", "a function") { try value("wrong(1)") }
    expectRefusal(naming: "2 arguments of if", "3") { try value("if(t, 1)") }
    expectRefusal(naming: "one comparison") { try value("1 < 2 < 3") }
    expectRefusal(naming: "\"and\" of the number 7", "true or false") { try value("x and t") }
    expectRefusal(naming: "+ of the text \"Mary\"", "a number") { try value("name + 1") }
    expectRefusal(naming: "index 3", "0 to 2") { try value("list[3]") }
    expectRefusal(naming: "unknown name") { try value("nobody") }
    expectRefusal(naming: "not finite") { try value("1e308 * 10") }
    expectRefusal(naming: "quotation mark") { try value("\"Mary") }
    expectRefusal(naming: "nesting of") { try value(String(repeating: "(", count: 100)) }
    expectRefusal(naming: "nesting of") { try value(String(repeating: "-", count: 200) + "1") }
    expectRefusal(naming: "words and signs") {
      try value(String(repeating: "1+", count: 2000) + "1")
    }
    expectRefusal(naming: "bytes") { try value(String(repeating: " ", count: 20_000)) }
  }

  @Test func `names are told in the order of their first use`() throws {
    #expect(try CausalFormulaParser.parse("b + if(a == b, c[b], 1)").names == ["b", "a", "c"])
  }
}
