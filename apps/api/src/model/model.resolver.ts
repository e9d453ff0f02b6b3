import { Arg, Authorized, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
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

  @Authorized('admin')
  @Mutation(() => Model, { description: 'Checks a model on disk and registers it under a short name.' })
  registerModel(
    @Arg('input', () => RegisterModelInput) input: RegisterModelInput,
    @Ctx() { app }: Context,
  ): Promise<Model> {
    return app.models.register(input);
  }
}
