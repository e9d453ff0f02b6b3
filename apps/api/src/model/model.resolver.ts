import { Arg, Authorized, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { ModelDownload } from './model-download.type.ts';
import { RegisterModelInput } from './model.input.ts';
import { Model } from './model.type.ts';

/** Queries and mutations on models. */
@Resolver(() => Model)
export class ModelResolver {
  @Query(() => [Model], { description: 'All registered models, newest first.' })
  models(@Ctx() { app }: Context): Promise<Model[]> {
    return app.models.list();
  }

  @Query(() => Model, { nullable: true, description: 'The model with this slug.' })
  model(@Arg('slug', () => String) slug: string, @Ctx() { app }: Context): Promise<Model | null> {
    return app.models.bySlug(slug);
  }

  @Query(() => [ModelDownload], { description: 'Models of the Hub that are being fetched, or were, since the start.' })
  modelDownloads(@Ctx() { app }: Context): ModelDownload[] {
    return app.models.downloads();
  }

  @Authorized('admin')
  @Mutation(() => Model, {
    description:
      'Checks a model on disk and registers it under a short name. A model of the Hub is downloaded first; where that takes long, the answer is MODEL_DOWNLOADING, and it is registered once it is there (modelDownloads).',
  })
  registerModel(
    @Arg('input', () => RegisterModelInput) input: RegisterModelInput,
    @Ctx() { app }: Context,
  ): Promise<Model> {
    return app.models.register(input);
  }
}
