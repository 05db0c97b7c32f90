import Inputs
import JobFiles
import Testing
import _TestSupport

struct JobOverrideTests {
  private let text = "kind = \"trace\"\n[run]\nthreads = 1\n[[restore]]\nsite = \"block_output\"\n"

  private func value(_ override: String, _ path: String...) throws -> JobValue? {
    var field = try document(text, set: [override]).field
    for key in path {
      if let index = Int(key) {
        field = try field.items()[index]
      } else {
        guard let next = try field.anyTable().optional(key) else { return nil }
        field = next
      }
    }
    return field.value
  }

  @Test func `a value is read as TOML, and as text where it is none`() throws {
    #expect(try value("run.threads=2", "run", "threads")?.kindName == "the number 2")
    #expect(try value("run.naive=true", "run", "naive")?.kindName == "true")
    #expect(try value("a.b.c=0:12", "a", "b", "c")?.kindName == "the text \"0:12\"")
    #expect(try value("slurm.time=01:30:00", "slurm", "time")?.kindName == "the text \"01:30:00\"")
    #expect(try value("x=[1, 2]", "x")?.kindName == "a list of 2")
    #expect(try value("x=", "x")?.kindName == "the text \"\"")
    #expect(try value("x=\"a=b\"", "x")?.kindName == "the text \"a=b\"")
    #expect(try value("restore[0].layers=3", "restore", "0", "layers")?.kindName == "the number 3")
  }

  @Test func `a value cannot bring further keys with it`() throws {
    #expect(try value("x=1\ny=2", "y") == nil)
    #expect(try value("x=1\ny=2", "x")?.kindName == "the text \"1\\ny=2\"")
  }

  @Test(arguments: ["run.threads", "=1", "run..threads=1", "run[0=1", "run[-1]=1", "a b=1"])
  func `a malformed option is refused`(option: String) throws {
    expectRefusal(naming: "--set", kind: .commandLine) { () throws(Refusal) in
      try document(text, set: [option])
    }
  }

  @Test func `a path as long as a book is refused`() throws {
    let path = Array(repeating: "a", count: 100_000).joined(separator: ".")
    expectRefusal(naming: "--set", kind: .commandLine) { () throws(Refusal) in
      try document(text, set: ["\(path)=1"])
    }
  }

  @Test func `a field cannot be set twice`() throws {
    expectRefusal(naming: "--set run.threads", "twice", kind: .commandLine) {
      () throws(Refusal) in
      try document(text, set: ["run.threads=1", "run.threads=2"])
    }
  }

  @Test func `a path through what is no table is refused`() throws {
    expectRefusal(naming: "run.threads", "a table, to set x") { () throws(Refusal) in
      try document(text, set: ["run.threads.x=1"])
    }
    expectRefusal(naming: "restore", "a list of 1", "item [1]") { () throws(Refusal) in
      try document(text, set: ["restore[1].site=\"x\""])
    }
  }
}
