import { Arg, Authorized, Ctx, FieldResolver, ID, Mutation, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.ts';
import { Model } from '../model/model.type.ts';
import { ModelCheck } from './model-check.type.ts';

/** The mutation that checks a model, and a model's checks. */
@Resolver(() => Model)
export class ModelCheckResolver {
  @Authorized('runner')
  @Mutation(() => ModelCheck, {
    description: 'Queues the checks of a model; those that wait or run already are given back.',
  })
  checkModel(@Arg('id', () => ID) id: string, @Ctx() { app }: Context): Promise<ModelCheck> {
    return app.modelChecks.request(id);
  }

  @FieldResolver(() => [ModelCheck], {
    description:
      'The last check on each backend by each version of demur, newest first; none for a model never checked.',
  })
  checks(@Root() { id, weightsSha256 }: Model, @Ctx() { app }: Context): Promise<ModelCheck[]> {
    return app.modelChecks.ofModel(id, weightsSha256);
  }
}
