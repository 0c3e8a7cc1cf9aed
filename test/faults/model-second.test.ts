import { modelShard } from './model-shard.ts'

modelShard(1, 2)
