/// Fields of `config.json` that every family may carry and that leave the forward pass as it is.
let inertKeys: Set<String> = [
  "_name_or_path", "_attn_implementation_autoset", "architectures", "auto_map", "torch_dtype",
  "dtype", "transformers_version", "use_cache", "model_type", "initializer_range",
  "bos_token_id", "eos_token_id", "pad_token_id", "sep_token_id", "unk_token_id",
  "decoder_start_token_id", "task_specific_params", "finetuning_task", "id2label", "label2id",
  "num_labels", "problem_type", "output_attentions", "output_hidden_states", "return_dict",
  "torchscript", "use_bfloat16", "chunk_size_feed_forward", "is_decoder", "is_encoder_decoder",
  "pruned_heads", "tokenizer_class", "prefix", "max_length", "min_length", "do_sample",
  "early_stopping", "num_beams", "num_beam_groups", "diversity_penalty", "temperature", "top_k",
  "top_p", "typical_p", "repetition_penalty", "length_penalty", "no_repeat_ngram_size",
  "encoder_no_repeat_ngram_size", "bad_words_ids", "num_return_sequences", "output_scores",
  "return_dict_in_generate", "forced_bos_token_id", "forced_eos_token_id",
  "remove_invalid_values", "exponential_decay_length_penalty", "suppress_tokens",
  "begin_suppress_tokens", "tf_legacy_loss", "transformers.js_config", "is_llama_config",
]
