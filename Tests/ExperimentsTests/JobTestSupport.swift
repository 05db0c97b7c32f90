import Inputs
import JobFiles
import Testing
import _TestSupport

@testable import Experiments

/// The smallest job, with more fields after it.
func job(_ more: String = "", model: String = "path = \"m\"", data: String = "facts = \"f.json\"")
  -> String
{
  "kind = \"trace\"\n[model]\n\(model)\n[data]\n\(data)\n\(more)\n"
}

func spec(
  _ text: String, file: String = "job.toml", set overrides: [String] = []
) throws(Refusal) -> TraceSpec {
  try TraceSpec(document(text, file: file, set: overrides))
}
